import Testing
import TophashTesting

actor Till {
  private(set) var total = 0

  func sell(_ price: Int) async {
    let before = total
    await printReceipt()
    total = before + price
  }

  private nonisolated func printReceipt() async { print("receipt", terminator: " ") }
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
}
