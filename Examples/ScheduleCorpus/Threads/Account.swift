import Foundation

/// Each payment reads the balance under the lock, and writes it under the lock, but not under one.
extension Program {
  static let account = threads("account", "read and written in two critical sections") { isFixed in
    let account = Account()
    onThreads([
      { isFixed ? account.add(40) : account.addInTwoSteps(40) },
      { isFixed ? account.add(-30) : account.addInTwoSteps(-30) },
    ])
    check(account.balance == 110, "a payment was lost")
  }
}

private final class Account: @unchecked Sendable {
  private let lock = NSLock()
  private var amount = 100

  var balance: Int { lock.withLock { amount } }

  func add(_ payment: Int) {
    lock.withLock { amount += payment }
  }

  func addInTwoSteps(_ payment: Int) {
    let before = balance
    lock.withLock { amount = before + payment }
  }
}
