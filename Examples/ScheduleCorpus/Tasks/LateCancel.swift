import Synchronization

/// A cancellation that comes before there is anything to cancel is forgotten.
extension Program {
  static let lateCancel = tasks("late_cancel", "cancelled before there is anything to cancel") {
    isFixed in
    let download = Download(remembers: isFixed)
    await withTaskGroup { group in
      group.addTask { await download.run() }
      group.addTask { download.cancel() }
    }
  }
}

private final class Download: Sendable {
  private struct State {
    var waiting: CheckedContinuation<Void, Never>?
    var isCancelled = false
  }

  private let state = Mutex(State())
  private let remembers: Bool

  init(remembers: Bool) {
    self.remembers = remembers
  }

  /// Ends when it is cancelled.
  func run() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock {
        if $0.isCancelled { return true }
        $0.waiting = continuation
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  func cancel() {
    let waiting = state.withLock {
      if remembers { $0.isCancelled = true }
      return $0.waiting.take()
    }
    waiting?.resume()
  }
}
