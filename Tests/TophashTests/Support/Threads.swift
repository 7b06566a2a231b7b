import Foundation
import Synchronization
import TophashLinearizability

/// Runs `body` on `count` threads at once: they start together, and all have ended on return,
/// `body` and what it holds released by them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let arrived = Arrivals()
  runThreads(count) { index in
    arrived.count.wrappingAdd(1, ordering: .acquiringAndReleasing)
    while arrived.count.load(ordering: .acquiring) < count { sched_yield() }
    body(index)
  }
}

private final class Arrivals: Sendable {
  let count = Atomic<Int>(0)
}
