/// What is on the shelf. Nothing guards it.
final class Inventory: @unchecked Sendable {
  private var stock: [String: Int] = [:]

  /// Counts the shelf; until that is done it must not be touched.
  func count(while counting: () -> Void) {
    hold(&stock, while: counting)
  }

  func add(_ item: String) {
    stock[item] = 1
  }
}

/// Keeps a modification of `stock` open while `body` runs.
@inline(never)
func hold(_ stock: inout [String: Int], while body: () -> Void) { body() }
