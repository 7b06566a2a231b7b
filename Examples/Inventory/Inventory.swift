/// How many of each item are on the shelf.
///
/// Every task of the program shares one inventory and nothing guards it: the bug that this example
/// is here to show. `@unchecked Sendable` keeps the compiler quiet, as it does in many programs.
final class Inventory: @unchecked Sendable {
  private var stock: [String: Int]

  init(stock: [String: Int]) {
    self.stock = stock
  }

  /// The items on the shelf and how many there are of each, in alphabetical order.
  var listing: [(item: String, count: Int)] {
    stock.sorted { $0.key < $1.key }.map { (item: $0.key, count: $0.value) }
  }

  /// Puts `count` pieces of `item` on the shelf.
  func add(_ item: String, count: Int) {
    stock[item, default: 0] += count
  }

  /// Takes `count` pieces of `item` from the shelf. Below zero they are owed to the customer.
  func remove(_ item: String, count: Int) {
    stock[item, default: 0] -= count
  }
}
