import Glibc

@inline(never)
private func holdAcrossHops(_ map: inout [Int: Int], hops: Int) async {
  for hop in 0..<hops {
    await Task.yield()
    map[hop % 7, default: 0] += 1
  }
}

/// Runs `body` as a task and waits for it on this thread.
func runTask(_ body: @escaping @Sendable () async -> Void) {
  let done = Semaphore()
  Task.detached {
    await body()
    done.post()
  }
  done.wait()
}

/// Many tasks, each holding an access of its own across suspensions, while threads come and go
/// under them. What one task held another one uses later.
func hopInsideAccess() {
  runTask {
    let all = (0..<40).map { _ in Shared() }
    for _ in 0..<3 {
      await withTaskGroup(of: Void.self) { group in
        for shared in all {
          group.addTask { await holdAcrossHops(&shared.map, hops: 50) }
        }
      }
      await withTaskGroup(of: Void.self) { group in
        for shared in all { group.addTask { shared.map[100] = 1 } }
      }
    }
    say("counted \(all.reduce(0) { $0 + $1.map.values.reduce(0, +) })")
  }
}

/// A task suspended inside an access, and another one that makes its own meanwhile.
func collideWithSuspended() {
  runTask {
    let shared = Shared()
    let (wakeUps, wakeUp) = AsyncStream<Void>.makeStream()
    let (openings, opened) = AsyncStream<Void>.makeStream()
    @Sendable func hold(_ map: inout [Int: Int]) async {
      opened.yield()
      for await _ in wakeUps { break }
      map[2] = 2
    }
    let holder = Task { await hold(&shared.map) }
    for await _ in openings { break }
    await Task { shared.map[1] = 1 }.value
    wakeUp.yield()
    await holder.value
    say("met")
  }
}

/// Two child tasks, which the pool may run on one thread.
func collideInTasks() {
  runTask {
    let shared = Shared()
    await withTaskGroup(of: Void.self) { group in
      let opened = Semaphore()
      let finished = Semaphore()
      group.addTask {
        whileOpen(&shared.map) {
          opened.post()
          finished.wait()
        }
      }
      group.addTask {
        opened.wait()
        shared.map[1] = 1
        finished.post()
      }
    }
    say("met")
  }
}

/// One side is awaited by two callers, all of whom have been suspended; nobody awaits the other.
func collideWhileAwaited() {
  runTask {
    let shared = Shared()
    let opened = Semaphore()
    let finished = Semaphore()
    let other = Task.detached {
      await Task.yield()
      opened.wait()
      shared.map[1] = 1
      finished.post()
    }
    await holdForTwo(shared, opened, finished)
    await other.value
    say("met")
  }
}

@inline(never)
private func holdForTwo(_ shared: Shared, _ opened: Semaphore, _ finished: Semaphore) async {
  await Task.yield()
  await holdForOne(shared, opened, finished)
  shared.map[2] = nil
}

@inline(never)
private func holdForOne(_ shared: Shared, _ opened: Semaphore, _ finished: Semaphore) async {
  await Task.yield()
  await hold(shared, opened, finished)
  shared.map[3] = nil
}

@inline(never)
private func hold(_ shared: Shared, _ opened: Semaphore, _ finished: Semaphore) async {
  await Task.yield()
  whileOpen(&shared.map) {
    opened.post()
    finished.wait()
  }
  shared.map[4] = nil
}

/// An actor keeps its tasks apart without any lock that the probe could see.
func useActor() {
  actor Counter {
    var map: [Int: Int] = [:]
    func add(_ key: Int) { map[key, default: 0] += 1 }
    var total: Int { map.values.reduce(0, +) }
  }
  runTask {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { for step in 0..<200 { await counter.add(step % 7) } } }
    }
    say("counted \(await counter.total)")
  }
}

/// An access that a task ends on another thread leaves that thread's count of open accesses as it
/// was: the lock it takes next in a property is still recognised.
func lockInPropertyAfterHops() {
  hopInsideAccess()
  final class Guarded: @unchecked Sendable {
    var mutex = pthread_mutex_t()
    var map: [Int: Int] = [:]
    init() { pthread_mutex_init(&mutex, nil) }
    func add() {
      pthread_mutex_lock(&mutex)
      map[map.count % 7, default: 0] += 1
      pthread_mutex_unlock(&mutex)
    }
  }
  runTask {
    let guarded = Guarded()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 { group.addTask { for _ in 0..<500 { guarded.add() } } }
    }
    say("counted \(guarded.map.values.reduce(0, +))")
  }
}
