import Glibc

/// Runs each body on a thread of its own, at the same time, and returns when all have ended.
///
/// Not tasks: bodies that wait for each other would use up the threads that tasks share.
func onThreads(_ bodies: (@Sendable () -> Void)...) {
  final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let threads = bodies.map { body in
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let status = pthread_create(
      &thread, nil,
      { start in
        Unmanaged<Start>.fromOpaque(start!).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    precondition(status == 0, "a thread can be made")
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}
