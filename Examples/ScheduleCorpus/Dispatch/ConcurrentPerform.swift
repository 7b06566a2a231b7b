import Foundation

/// The pieces of a `concurrentPerform` run at the same time, on one total.
extension Program {
  static let concurrentPerform = dispatch("concurrent_perform", "pieces share a total") { isFixed in
    let total = Total()
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      if isFixed { total.lock.withLock { total.addOne() } } else { total.addOne() }
    }
    check(total.number == 2, "a piece was not counted")
  }
}

private final class Total: @unchecked Sendable {
  let lock = NSLock()
  var number = 0

  func addOne() {
    let before = number
    number = before + 1
  }
}
