import Cart
import Dispatch
import Foundation

/// Adds to the cart while another thread does: its first item is asked for until the second is in.
public func addTwoAtOnce(to cart: Cart) {
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
