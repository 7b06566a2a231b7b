import Synchronization
import Testing
import TophashTesting

let receipts = Mutex(0)

actor Till {
  private(set) var total = 0

  func sell(_ price: Int) async {
    let before = total
    await printReceipt()
    total = before + price
  }

  private nonisolated func printReceipt() async { receipts.withLock { $0 += 1 } }
}

@Suite struct TillTests {
  @Test func `two sales`() async throws {
    try await explore(.portfolio, schedules: 1_000) {
      let till = Till()
      async let tea: Void = till.sell(3)
      async let milk: Void = till.sell(1)
      _ = await (tea, milk)
      #expect(await till.total == 4)
    }
  }

  @Test func `two labels`() async throws {
    try await explore {
      let shelf = Shelf()
      async let tea: Void = shelf.label("tea")
      async let milk: Void = shelf.label("milk")
      _ = await (tea, milk)
      #expect(shelf.labels.count == 2)
    }
  }
}

final class Shelf: @unchecked Sendable {
  var labels: [String: Int] = [:]

  // One step: no order of tasks comes between reading and writing.
  func label(_ name: String) async { labels[name] = 1 }
}
