import Dispatch
import Testing
import Warehouse
import XCTest

final class FixedXCTests: XCTestCase {
  func testDeliveriesTakeTurns() {
    XCTAssertEqual(count(), 200)
  }
}

@Suite struct FixedSwiftTests {
  @Test func `deliveries take turns`() {
    #expect(count() == 200)
  }
}

/// How many of 200 deliveries are on the shelf.
func count() -> Int {
  let stock = LockedStock()
  DispatchQueue.concurrentPerform(iterations: 200) { _ in stock.add("bolts") }
  return stock.count
}
