import Foundation
import Synchronization

/// Runs `body` on `count` threads at once: they start together, and all have ended on return.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  let barrier = Barrier()
  for index in 0..<count {
    group.enter()
    Thread {
      barrier.arrived.wrappingAdd(1, ordering: .acquiringAndReleasing)
      while barrier.arrived.load(ordering: .acquiring) < count { sched_yield() }
      body(index)
      group.leave()
    }.start()
  }
  group.wait()
}

private final class Barrier: Sendable {
  let arrived = Atomic<Int>(0)
}
