/// What somebody is about to buy. Nothing guards it.
public final class Cart: @unchecked Sendable {
  private var prices: [String: Int] = [:]
  public init() {}

  /// Adds an item whose price is asked for meanwhile.
  public func add(_ item: String, price: () -> Int) {
    increase(&prices[item, default: 0], by: price)
  }

  private func increase(_ sum: inout Int, by price: () -> Int) {
    sum += price()
  }
}
