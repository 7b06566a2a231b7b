import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A clock that counts. All tasks agree about its order, also where time stands still.
///
/// Asking it orders the memory of those who ask; what a weaker order of memory would show may
/// stay hidden behind it.
public final class CountingClock: Sendable {
  private let count = Atomic<UInt64>(0)

  public init() {}

  /// The next number.
  public func next() -> UInt64 {
    // Sequentially consistent: the numbers are the order of calls and answers over all tasks.
    count.add(1, ordering: .sequentiallyConsistent).newValue
  }
}

extension History {
  /// Lets each script run on a thread of its own, all at once, and writes down what they are told.
  ///
  /// - Parameter perform: Asks the object.
  public static func onThreads(
    _ scripts: [[Operation]], perform: @escaping @Sendable (Operation) -> Result
  ) -> Self {
    let gathering = Gathering<Operation, Result>()
    runThreads(scripts.count) { task in
      gathering.waitForAll(scripts.count)
      var own = Self()
      for operation in scripts[task] {
        let call = gathering.clock.next()
        let result = perform(operation)
        own.records.append(
          Record(
            task: task, operation: operation, call: call,
            answer: Answer(result: result, time: gathering.clock.next())))
      }
      let done = own
      gathering.history.withLock { $0.add(done) }
    }
    return gathering.history.withLock { $0 }
  }
}

/// What threads share that fill one history.
private final class Gathering<Operation: Sendable, Result: Sendable>: Sendable {
  let clock = CountingClock()
  let history = Mutex(History<Operation, Result>())
  private let arrived = Atomic(0)

  /// Waits until so many threads do, so that they begin together.
  func waitForAll(_ count: Int) {
    // Nothing is published by it: threads start with all that was done before.
    arrived.add(1, ordering: .relaxed)
    while arrived.load(ordering: .relaxed) < count { sched_yield() }
  }
}
