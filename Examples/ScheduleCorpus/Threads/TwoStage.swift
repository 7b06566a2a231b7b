import Foundation

/// A change in two stages, each under its own lock; who looks between them sees the first only.
extension Program {
  /// All threads but one make the change; one looks.
  static func twoStage(_ threadCount: Int) -> Program {
    threads(threadCount == 2 ? "twostage" : "twostage_\(threadCount)", "seen between two stages") {
      isFixed in
      let stages = Stages(whole: isFixed ? NSLock() : nil)
      let change: @Sendable () -> Void = { stages.change() }
      onThreads(
        Array(repeating: change, count: threadCount - 1) + [
          { check(stages.areEqual, "the second stage is missing") }
        ])
    }
  }
}

private final class Stages: @unchecked Sendable {
  private let first = NSLock()
  private let second = NSLock()
  private var one = 0
  private var two = 0
  /// Held during both stages.
  private let whole: NSLock?

  init(whole: NSLock?) {
    self.whole = whole
  }

  func change() {
    whole?.lock()
    first.withLock { one = 1 }
    second.withLock { two = 1 }
    whole?.unlock()
  }

  /// Whether what was done in the first stage was done in the second one, too.
  var areEqual: Bool {
    whole?.lock()
    defer { whole?.unlock() }
    let seen = first.withLock { one }
    return seen == 0 || second.withLock { two } == seen
  }
}
