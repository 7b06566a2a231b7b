import Synchronization

/// Asks whether the answer is there, and leaves a continuation when it is not. An answer that comes
/// between the two finds nobody to resume.
extension Program {
  static let lostResume = tasks("lost_resume", "the answer comes before the continuation") {
    isFixed in
    let letterbox = Letterbox()
    await withTaskGroup { group in
      group.addTask { letterbox.post() }
      group.addTask { await letterbox.wait(asksAgain: isFixed) }
    }
  }
}

private final class Letterbox: Sendable {
  private enum State {
    case empty
    case waiting(CheckedContinuation<Void, Never>)
    case full
  }

  private let state = Mutex(State.empty)

  func post() {
    let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
      defer { state = .full }
      if case .waiting(let continuation) = state { return continuation }
      return nil
    }
    waiting?.resume()
  }

  func wait(asksAgain: Bool) async {
    if isFull { return }
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if asksAgain, case .full = state { return true }
        state = .waiting(continuation)
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  private var isFull: Bool {
    state.withLock { if case .full = $0 { true } else { false } }
  }
}
