import Foundation

/// Many threads set a pair, and one looks at it: it may see one half of the change. The more there
/// are who set it, the shorter is the time in which only one half is set.
extension Program {
  static func reorder(_ threadCount: Int) -> Program {
    threads("reorder_\(threadCount)", "half of a pair is set") { isFixed in
      let pair = Pair()
      let set: @Sendable () -> Void = { isFixed ? pair.lock.withLock { pair.set() } : pair.set() }
      let look: @Sendable () -> Void = {
        let isWhole = isFixed ? pair.lock.withLock { pair.isWhole } : pair.isWhole
        check(isWhole, "only one half is set")
      }
      onThreads(Array(repeating: set, count: threadCount - 1) + [look])
    }
  }
}

private final class Pair: @unchecked Sendable {
  let lock = NSLock()
  private var left = 0
  private var right = 0

  func set() {
    left = 1
    right = -1
  }

  var isWhole: Bool { left + right == 0 }
}
