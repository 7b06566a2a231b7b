import Cart
import CartUse
import TophashXCTest
import XCTest

final class CartXCTests: NoConflictsTestCase {
  func testTwoAtOnce() { addTwoAtOnce(to: Cart()) }

  func testKnown() {
    withKnownConflict { addTwoAtOnce(to: Cart()) }
  }

  func testOneAfterTheOther() {
    let cart = Cart()
    cart.add("tea") { 3 }
    cart.add("milk") { 1 }
  }
}
