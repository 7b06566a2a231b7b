#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Calls `body` on `count` threads. On return all have ended, and have released `body` and what it
/// holds.
package func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let threads = (0..<count).map { index in startThread { body(index) } }
  for thread in threads { pthread_join(thread, nil) }
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
