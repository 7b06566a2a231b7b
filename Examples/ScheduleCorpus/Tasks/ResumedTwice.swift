import Synchronization

/// An answer and a timeout both resume the one who waits, each after asking whether it was done.
extension Program {
  static let resumedTwice = tasks("resumed_twice", "a timeout and an answer both resume") {
    isFixed in
    await withCheckedContinuation { continuation in
      let waiter = Waiter(continuation)
      for _ in ["answer", "timeout"] {
        Task { isFixed ? waiter.resumeOnce() : waiter.resumeIfWaiting() }
      }
    }
  }
}

private final class Waiter: Sendable {
  private let continuation: Mutex<CheckedContinuation<Void, Never>?>

  init(_ continuation: CheckedContinuation<Void, Never>) {
    self.continuation = Mutex(continuation)
  }

  func resumeIfWaiting() {
    guard let waiting = continuation.withLock({ $0 }) else { return }
    waiting.resume()
    continuation.withLock { $0 = nil }
  }

  func resumeOnce() {
    continuation.withLock { $0.take() }?.resume()
  }
}
