import Cart
import Dispatch
import Foundation
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

  private func addTwoAtOnce(to cart: Cart) {
    let (asked, added) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let ended = DispatchSemaphore(value: 0)
    Thread {
      cart.add("tea") {
        asked.signal()
        added.wait()
        return 3
      }
      ended.signal()
    }.start()
    asked.wait()
    cart.add("milk") { 1 }
    added.signal()
    ended.wait()
  }
}
