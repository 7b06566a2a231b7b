import NIOConcurrencyHelpers

/// What the server knows: how many pieces of each product there are, shared by all connections.
final class Stock: @unchecked Sendable {  // `pieces` and `orders` are used under `lock` only
  private let lock = NIOLock()
  private var pieces: [String: Int] = [:]
  private var orders = 0

  init(products: Int) {
    for product in 0..<products { pieces["product-\(product)"] = 1_000_000 }
  }

  /// Returns the number of pieces of a product, or `nil` if there is no such product.
  func count(of product: String) -> Int? {
    lock.withLock { pieces[product] }
  }

  /// Takes one piece of a product and returns how many are left, or `nil` if there are none.
  func order(_ product: String) -> Int? {
    lock.withLock {
      guard let count = pieces[product], count > 0 else { return nil }
      pieces[product] = count - 1
      orders += 1
      return count - 1
    }
  }

  /// How many orders were served.
  var orderCount: Int {
    lock.withLock { orders }
  }
}
