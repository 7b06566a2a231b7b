// Two deposits, each in two critical sections: one of them can be lost.
// With "fixed" each is one critical section, and nothing is lost.

import Foundation

final class Account: @unchecked Sendable {
  private let lock = NSLock()
  private var balance = 0

  func deposit(_ amount: Int) {
    lock.lock()
    let before = balance
    lock.unlock()
    lock.lock()
    balance = before + amount
    lock.unlock()
  }

  func depositAtOnce(_ amount: Int) {
    lock.lock()
    balance += amount
    lock.unlock()
  }

  var total: Int {
    lock.lock()
    defer { lock.unlock() }
    return balance
  }
}

let isFixed = CommandLine.arguments.contains("fixed")
let account = Account()
let done = DispatchSemaphore(value: 0)
for amount in [10, 5] {
  Thread.detachNewThread {
    if isFixed { account.depositAtOnce(amount) } else { account.deposit(amount) }
    done.signal()
  }
}
done.wait()
done.wait()
if account.total != 15 { fatalError("a deposit was lost") }
