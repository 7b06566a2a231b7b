import Cart
import Dispatch
import Foundation
import Testing
import TophashTesting

@Suite(.noConflicts) struct CartTests {
  @Test func `two at once`() {
    let cart = Cart()
    let (asked, added) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let ended = DispatchSemaphore(value: 0)
    Foundation.Thread {
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

  @Test func `one after the other`() {
    let cart = Cart()
    cart.add("tea") { 3 }
    cart.add("milk") { 1 }
  }
}
