import Foundation

/// Runs each body on a thread of its own, started in this order, and waits until all have ended.
func onThreads(_ bodies: [@Sendable () -> Void]) {
  let threads = bodies.map(start)
  for thread in threads { pthread_join(thread, nil) }
}

private func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  var thread = pthread_t()
  let start = Unmanaged.passRetained(Start(body: body))
  let status = pthread_create(
    &thread, nil,
    { start in
      Unmanaged<Start>.fromOpaque(start!).takeRetainedValue().body()
      return nil
    }, start.toOpaque())
  precondition(status == 0, "no more threads")
  return thread
}

private final class Start: Sendable {
  let body: @Sendable () -> Void

  init(body: @escaping @Sendable () -> Void) {
    self.body = body
  }
}

/// Ends the program when what it is meant to keep true is not.
func check(
  _ isTrue: Bool, _ otherwise: String, file: StaticString = #file, line: UInt = #line
) {
  if !isTrue { fatalError(otherwise, file: file, line: line) }
}
