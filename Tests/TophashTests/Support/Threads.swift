import Foundation
import Synchronization

/// Runs `body` on `count` threads at once: they start together, and all have ended on return,
/// `body` and what it holds released by them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let arrived = Arrivals()
  let threads = (0..<count).map { index in
    startThread {
      arrived.count.wrappingAdd(1, ordering: .acquiringAndReleasing)
      while arrived.count.load(ordering: .acquiring) < count { sched_yield() }
      body(index)
    }
  }
  for thread in threads { pthread_join(thread, nil) }
}

private final class Arrivals: Sendable {
  let count = Atomic<Int>(0)
}

private final class Work: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ run: @escaping @Sendable () -> Void) -> pthread_t {
  let work = Unmanaged.passRetained(Work(run)).toOpaque()
  #if canImport(Darwin)
  var thread: pthread_t?
  let failure = pthread_create(&thread, nil, { runWork($0) }, work)
  precondition(failure == 0, "no thread could be made")
  return thread!
  #else
  var thread = pthread_t()
  let failure = pthread_create(&thread, nil, { runWork($0!) }, work)
  precondition(failure == 0, "no thread could be made")
  return thread
  #endif
}

private func runWork(_ work: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<Work>.fromOpaque(work).takeRetainedValue().run()
  return nil
}
