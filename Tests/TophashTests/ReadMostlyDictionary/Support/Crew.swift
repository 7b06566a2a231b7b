import Foundation
import Synchronization

/// Threads that begin at the same moment. Real ones: tasks would share a pool, and take turns.
enum Crew {
  /// Runs `body` on `count` threads, each with its number, and waits for all.
  static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let waiting = Atomics()
    let done = DispatchSemaphore(value: 0)
    for number in 0..<count {
      let thread = Thread {
        waiting.arrived.wrappingAdd(1, ordering: .acquiringAndReleasing)
        while waiting.arrived.load(ordering: .acquiring) < count { sched_yield() }
        body(number)
        done.signal()
      }
      thread.start()
    }
    for _ in 0..<count { done.wait() }
  }

  private final class Atomics: Sendable {
    let arrived = Atomic(0)
  }
}
