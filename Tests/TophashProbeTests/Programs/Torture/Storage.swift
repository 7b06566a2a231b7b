import Glibc

/// A value behind a pointer, where no access call tells of it.
final class Behind<Value>: @unchecked Sendable {
  let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  init(_ value: Value) { pointer.initialize(to: value) }
  deinit {
    pointer.deinitialize(count: 1)
    pointer.deallocate()
  }
}

/// Two threads come by again and again, and rarely at the same time.
private func two(_ body: @escaping @Sendable (Int) -> Void) {
  let workers = (0..<2).map { worker in
    Worker {
      for _ in 0..<300 {
        usleep(.random(in: 50...1000))
        body(worker)
      }
    }
  }
  for worker in workers { worker.join() }
}

/// Numbers in an array that does not grow: a race that damages nothing.
func shareStorage() {
  let shared = Behind([Int](repeating: 0, count: 8))
  two { shared.pointer.pointee[$0] += 1 }
  say("shared \(shared.pointer.pointee.count)")
}

func storageUnderLock() {
  let shared = Behind([Int: [Int]]())
  let lock = Lock()
  two { worker in
    lock.guarding { shared.pointer.pointee[worker, default: []].append(worker) }
  }
  say("counted \(shared.pointer.pointee.values.reduce(0) { $0 + $1.count })")
}

/// One buffer, and two threads that take turns.
func handStorageOver() {
  let shared = Behind([Int](repeating: 0, count: 8))
  let turns = [Semaphore(1), Semaphore()]
  let workers = (0..<2).map { worker in
    Worker {
      for round in 0..<200 {
        turns[worker].wait()
        shared.pointer.pointee[round % 8] += 1
        turns[1 - worker].post()
      }
    }
  }
  for worker in workers { worker.join() }
  say("counted \(shared.pointer.pointee.reduce(0, +))")
}
