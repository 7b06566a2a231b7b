import Dispatch
import Foundation

/// What is on the shelf. Nothing guards it.
public final class Stock: @unchecked Sendable {
  var shelf: [String: Int] = [:]
  var orders: [String: Int] = [:]
  public init() {}

  /// Puts one piece on the shelf; what is done meanwhile must not touch it.
  public func add(_ item: String, while body: () -> Void = {}) {
    change(&shelf[item, default: 0], while: body)
  }

  /// Takes an order for one piece; what is done meanwhile must not touch the orders.
  public func order(_ item: String, while body: () -> Void = {}) {
    change(&orders[item, default: 0], while: body)
  }

  private func change(_ count: inout Int, while body: () -> Void) {
    count += 1
    body()
  }
}

/// The same, with a lock around every use.
public final class LockedStock: @unchecked Sendable {
  private var shelf: [String: Int] = [:]
  private let lock = NSLock()
  public init() {}

  public func add(_ item: String) {
    lock.withLock { shelf[item, default: 0] += 1 }
  }

  public var count: Int { lock.withLock { shelf.values.reduce(0, +) } }
}

/// Runs `second` while `first` has what it changes open.
public func overlap(_ first: @escaping (() -> Void) -> Void, _ second: @escaping () -> Void) {
  let (opened, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
  let closed = DispatchSemaphore(value: 0)
  let holder = Foundation.Thread {
    first {
      opened.signal()
      done.wait()
    }
    closed.signal()
  }
  holder.start()
  opened.wait()
  second()
  done.signal()
  closed.wait()
}
