import Dispatch
import Foundation
import Testing
import Warehouse

/// Two tests of one stock: each is right by itself, and they meet when they run in parallel.
@Suite struct SharedStockTests {
  static let stock = Stock()
  static let (opened, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
  /// Long enough for the other test to start; a test that runs alone ends, too.
  static var deadline: DispatchTime { .now() + 60 }

  @Test func `one orders`() async {
    await onThread {
      Self.stock.order(
        "bolts",
        while: {
          Self.opened.signal()
          _ = Self.done.wait(timeout: Self.deadline)
        })
    }
  }

  @Test func `another orders`() async {
    await onThread {
      _ = Self.opened.wait(timeout: Self.deadline)
      Self.stock.order("nuts")
      Self.done.signal()
    }
  }
}

/// Runs `body` on a thread of its own, so that tests which wait leave the others theirs.
func onThread(_ body: @escaping @Sendable () -> Void) async {
  await withCheckedContinuation { continuation in
    Foundation.Thread {
      body()
      continuation.resume()
    }.start()
  }
}
