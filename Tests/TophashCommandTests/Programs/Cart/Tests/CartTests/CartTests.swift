import Cart
import CartUse
import Testing
import TophashTesting

@Suite(.noConflicts) struct CartTests {
  @Test func `two at once`() { addTwoAtOnce(to: Cart()) }

  @Test func `one after the other`() {
    let cart = Cart()
    cart.add("tea") { 3 }
    cart.add("milk") { 1 }
  }
}
