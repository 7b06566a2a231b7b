import Foundation

/// Asks whether to wait in one critical section, and waits in the next. What is signalled between
/// the two is lost. (In the original nobody ever signals.)
extension Program {
  static let sync01 = threads("sync01", "a signal is lost before the wait") { isFixed in
    let parcel = Parcel()
    onThreads([
      { parcel.deliver() },
      { isFixed ? parcel.receive() : parcel.receiveInTwoSteps() },
    ])
  }
}

private final class Parcel: @unchecked Sendable {
  private let condition = NSCondition()
  private var isThere = false

  func deliver() {
    condition.withLock {
      isThere = true
      condition.signal()
    }
  }

  func receive() {
    condition.withLock { while !isThere { condition.wait() } }
  }

  func receiveInTwoSteps() {
    if condition.withLock({ isThere }) { return }
    condition.withLock { condition.wait() }
  }
}
