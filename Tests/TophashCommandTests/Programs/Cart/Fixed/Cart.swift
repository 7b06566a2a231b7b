import Synchronization

/// What somebody is about to buy.
public final class Cart: Sendable {
  private let prices = Mutex<[String: Int]>([:])
  public init() {}

  /// Adds an item whose price is asked for first.
  public func add(_ item: String, price: () -> Int) {
    let price = price()
    prices.withLock { $0[item, default: 0] += price }
  }
}
