import Foundation

/// The slot is called full before the number is in it: a quick taker adds up the number before.
extension Program {
  static let arithmeticProg = threads("arithmetic_prog", "called full before it is") { isFixed in
    let slot = Slot()
    let sum = Sum()
    onThreads([
      { for number in 1...4 { isFixed ? slot.put(number) : slot.putInTwoSteps(number) } },
      { for _ in 1...4 { sum.total += slot.take() } },
    ])
    check(sum.total == 4 * 5 / 2, "a number was added twice, and another one never")
  }
}

/// Only the second thread uses it, until both have ended.
private final class Sum: @unchecked Sendable {
  var total = 0
}

private final class Slot: @unchecked Sendable {
  private let condition = NSCondition()
  private var isFull = false
  private var number = 0

  func put(_ number: Int) {
    condition.withLock {
      while isFull { condition.wait() }
      self.number = number
      isFull = true
      condition.signal()
    }
  }

  func putInTwoSteps(_ number: Int) {
    condition.withLock {
      while isFull { condition.wait() }
      isFull = true
      condition.signal()
    }
    condition.withLock { self.number = number }
  }

  func take() -> Int {
    condition.withLock {
      while !isFull { condition.wait() }
      isFull = false
      condition.signal()
      return number
    }
  }
}
