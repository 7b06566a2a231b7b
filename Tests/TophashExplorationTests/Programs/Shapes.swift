// Correct programs of many shapes: each ends well in every order, and each order repeats.

import Foundation
import Synchronization

actor Counter {
  var count = 0
  func increment() { count += 1 }
  func increment(by other: Counter) async {
    let more = await other.count
    count += more
  }
}

@MainActor var onMain = 0

@main struct Shapes {
  static func main() async throws {
    switch CommandLine.arguments[1] {
    case "group": await group()
    case "actor": await actors()
    case "main-actor": await mainActor()
    case "async-let": await asyncLet()
    case "stream": await stream()
    case "continuation": await continuation()
    case "sleep": try await sleeping()
    case "yield": await yielding()
    case "cancel": await cancelling()
    case "threads": threads()
    case "inline-lock": inlineLock()
    case "condition": condition()
    case "readers": readers()
    case "perform": perform()
    case "queues": queues()
    case "barrier": barrier()
    case "after": after()
    case "operations": operations()
    case "run-loop": runLoop()
    default: exit(64)
    }
  }

  static func group() async {
    let counter = Counter()
    let total = await withTaskGroup(of: Int.self) { group in
      for number in 1...4 {
        group.addTask {
          await counter.increment()
          return number
        }
      }
      return await group.reduce(0, +)
    }
    let count = await counter.count
    precondition(total == 10 && count == 4)
  }

  static func actors() async {
    let one = Counter()
    let other = Counter()
    async let first: Void = one.increment(by: other)
    async let second: Void = other.increment(by: one)
    async let third: Void = one.increment()
    _ = await (first, second, third)
    let count = await one.count
    precondition(count >= 1)
  }

  static func mainActor() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 { group.addTask { await MainActor.run { onMain += 1 } } }
    }
    let total = await MainActor.run { onMain }
    precondition(total == 3)
  }

  static func asyncLet() async {
    async let one = Task.detached { 1 }.value
    async let two = Task.detached { 2 }.value
    let sum = await one + two
    precondition(sum == 3)
  }

  static func stream() async {
    let (stream, input) = AsyncStream.makeStream(of: Int.self)
    let producer = Task {
      for number in 1...5 { input.yield(number) }
      input.finish()
    }
    var sum = 0
    for await number in stream { sum += number }
    await producer.value
    precondition(sum == 15)
  }

  static func continuation() async {
    let value = await withCheckedContinuation { waiting in
      Thread.detachNewThread { waiting.resume(returning: 7) }
    }
    precondition(value == 7)
  }

  static func sleeping() async throws {
    let start = ContinuousClock.now
    async let one: Void = Task.sleep(for: .seconds(3600))
    async let other: Void = Task.sleep(for: .milliseconds(5))
    _ = try await (one, other)
    precondition(ContinuousClock.now - start >= .seconds(3600))
  }

  static func yielding() async {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          await Task.yield()
          await counter.increment()
        }
      }
    }
    let count = await counter.count
    precondition(count == 3)
  }

  static func cancelling() async {
    let task = Task {
      do {
        try await Task.sleep(for: .seconds(86_400))
        return false
      } catch { return true }
    }
    task.cancel()
    let isCancelled = await task.value
    precondition(isCancelled)
  }

  static func threads() {
    let lock = NSLock()
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var count = 0
    for _ in 0..<3 {
      Thread.detachNewThread {
        lock.lock()
        count += 1
        lock.unlock()
        done.signal()
      }
    }
    for _ in 0..<3 { done.wait() }
    precondition(count == 3)
  }

  /// A lock that is a property: taking it is a modification, to the compiler.
  final class Guarded: @unchecked Sendable {
    private var mutex = pthread_mutex_t()
    private var count = 0

    func increment() {
      pthread_mutex_lock(&mutex)
      count += 1
      pthread_mutex_unlock(&mutex)
    }
  }

  static func inlineLock() {
    let guarded = Guarded()
    let done = DispatchSemaphore(value: 0)
    for _ in 0..<3 {
      Thread.detachNewThread {
        guarded.increment()
        done.signal()
      }
    }
    for _ in 0..<3 { done.wait() }
  }

  static func condition() {
    let condition = NSCondition()
    nonisolated(unsafe) var items: [Int] = []
    nonisolated(unsafe) var sum = 0
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      for _ in 0..<4 {
        condition.lock()
        while items.isEmpty { condition.wait() }
        sum += items.removeFirst()
        condition.unlock()
      }
      done.signal()
    }
    for number in 1...4 {
      condition.lock()
      items.append(number)
      condition.signal()
      condition.unlock()
    }
    done.wait()
    precondition(sum == 10)
  }

  static func readers() {
    let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    pthread_rwlock_init(lock, nil)
    nonisolated(unsafe) let shared = lock
    nonisolated(unsafe) var pair = (0, 0)
    let done = DispatchSemaphore(value: 0)
    for _ in 0..<2 {
      Thread.detachNewThread {
        pthread_rwlock_rdlock(shared)
        precondition(pair.0 == pair.1)
        pthread_rwlock_unlock(shared)
        done.signal()
      }
    }
    pthread_rwlock_wrlock(lock)
    pair.0 += 1
    pair.1 += 1
    pthread_rwlock_unlock(lock)
    for _ in 0..<2 { done.wait() }
  }

  static func perform() {
    let total = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { number in total.withLock { $0 += number } }
    precondition(total.withLock { $0 } == 6)
  }

  static func queues() {
    let serial = DispatchQueue(label: "serial")
    let all = DispatchGroup()
    nonisolated(unsafe) var count = 0
    for _ in 0..<3 { serial.async(group: all) { count += 1 } }
    all.wait()
    precondition(serial.sync { count } == 3)
  }

  static func barrier() {
    let queue = DispatchQueue(label: "many", attributes: .concurrent)
    let all = DispatchGroup()
    nonisolated(unsafe) var count = 0
    for _ in 0..<2 {
      queue.async(group: all) { _ = count }
      queue.async(group: all, flags: .barrier) { count += 1 }
    }
    all.wait()
    precondition(count == 2)
  }

  static func after() {
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().asyncAfter(deadline: .now() + 3600) { done.signal() }
    precondition(done.wait(timeout: .now() + 1800) == .timedOut)
    done.wait()
  }

  static func operations() {
    let queue = OperationQueue()
    let count = Mutex(0)
    for _ in 0..<3 { queue.addOperation { count.withLock { $0 += 1 } } }
    queue.waitUntilAllOperationsAreFinished()
    precondition(count.withLock { $0 } == 3)
  }

  @MainActor static func runLoop() {
    var ticks = 0
    let timer = Timer.scheduledTimer(withTimeInterval: 60, repeats: true) { _ in
      MainActor.assumeIsolated { ticks += 1 }
    }
    RunLoop.main.run(until: Date(timeIntervalSinceNow: 600))
    timer.invalidate()
    precondition(ticks >= 9)
  }
}
