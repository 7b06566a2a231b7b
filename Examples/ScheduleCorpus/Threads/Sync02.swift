import Foundation

/// Wakes up and does not ask again: somebody who never waited has taken it meanwhile. (In the
/// original the count is wrong from the beginning.)
extension Program {
  static let sync02 = threads("sync02", "woken, and not asked again") { isFixed in
    let shelf = Shelf()
    let take: @Sendable () -> Void = { isFixed ? shelf.take() : shelf.takeAskingOnce() }
    onThreads([take, take, { for _ in 0..<2 { shelf.put() } }])
  }
}

private final class Shelf: @unchecked Sendable {
  private let condition = NSCondition()
  private var count = 0

  func put() {
    condition.withLock {
      count += 1
      condition.signal()
    }
  }

  func take() {
    condition.withLock {
      while count == 0 { condition.wait() }
      count -= 1
    }
  }

  func takeAskingOnce() {
    condition.withLock {
      if count == 0 { condition.wait() }
      check(count > 0, "somebody else has taken it")
      count -= 1
    }
  }
}
