import Foundation

/// An operation queue runs several operations at a time, unless it is told not to.
extension Program {
  static let operations = dispatch("operations", "operations share a total") { isFixed in
    let tally = Tally()
    let queue = OperationQueue()
    if isFixed { queue.maxConcurrentOperationCount = 1 }
    for _ in 0..<2 { queue.addOperation { tally.addOne() } }
    queue.waitUntilAllOperationsAreFinished()
    check(tally.number == 2, "an operation was not counted")
  }
}

private final class Tally: @unchecked Sendable {
  var number = 0

  func addOne() {
    let before = number
    number = before + 1
  }
}
