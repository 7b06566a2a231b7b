import Foundation
import Gallery

/// What the shop has sold, by product.
final class Sales: @unchecked Sendable {
  let lock = NSLock()
  fileprivate(set) var totals = ["tea": 0, "coffee": 0]
}

/// One till. Racy: every till takes a lock, but each its own.
final class Checkout: @unchecked Sendable {
  private let lock = NSLock()
  private let sales: Sales

  init(sales: Sales) {
    self.sales = sales
  }

  func sell(_ product: String) {
    lock.withLock {
      sales.totals[product, default: 0] += 1  // race: sell
    }
  }
}

/// Fixed: the lock belongs to what it guards.
final class GuardedCheckout: @unchecked Sendable {
  private let sales: Sales

  init(sales: Sales) {
    self.sales = sales
  }

  func sell(_ product: String) {
    sales.lock.withLock {
      sales.totals[product, default: 0] += 1
    }
  }
}

let wrongLock = Scenario("wrong-lock") {
  let sales = Sales()
  let first = Checkout(sales: sales)
  let second = Checkout(sales: sales)
  return [
    Worker("till 1") { _ in first.sell("tea") },
    Worker("till 2") { _ in second.sell("coffee") },
  ]
} fixed: {
  let sales = Sales()
  let first = GuardedCheckout(sales: sales)
  let second = GuardedCheckout(sales: sales)
  return [
    Worker("till 1") { _ in first.sell("tea") },
    Worker("till 2") { _ in second.sell("coffee") },
  ]
}
