import Testing
import Warehouse
import XCTest

final class RacyXCTests: XCTestCase {
  func testDeliveriesMeet() {
    let stock = Stock()
    overlap({ stock.add("bolts", while: $0) }, { stock.add("nuts") })
  }
}

@Suite struct RacySwiftTests {
  @Test func `orders meet`() {
    let stock = Stock()
    overlap({ stock.order("bolts", while: $0) }, { stock.order("nuts") })
  }
}
