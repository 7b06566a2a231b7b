import Dispatch
import Gallery

/// Prices in cents. Racy: one task writes, and reading is thought to be harmless.
final class PriceBook: @unchecked Sendable {
  private var prices = ["apple": 20, "bread": 250, "cheese": 480]

  func update(_ item: String, to price: Int) {
    prices[item] = price  // race: update
  }

  func quote(_ item: String) -> Int? {
    prices[item]  // race: quote
  }
}

/// Fixed: readers share a concurrent queue, and the writer has it for itself.
final class QueuedPriceBook: @unchecked Sendable {
  private let queue = DispatchQueue(label: "price book", attributes: .concurrent)
  private var prices = ["apple": 20, "bread": 250, "cheese": 480]

  func update(_ item: String, to price: Int) {
    queue.async(flags: .barrier) { self.prices[item] = price }
  }

  func quote(_ item: String) -> Int? {
    queue.sync { prices[item] }
  }
}

let manyReaders = Scenario("many-readers") {
  let book = PriceBook()
  return [Worker("price feed") { book.update("bread", to: 250 + $0) }]
    + (1...3).map { shop in Worker("shop \(shop)") { _ in precondition(book.quote("apple") == 20) }
    }
} fixed: {
  let book = QueuedPriceBook()
  return [Worker("price feed") { book.update("bread", to: 250 + $0) }]
    + (1...3).map { shop in Worker("shop \(shop)") { _ in precondition(book.quote("apple") == 20) }
    }
}
