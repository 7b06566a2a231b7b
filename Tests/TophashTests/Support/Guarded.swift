import Foundation

/// A value behind a lock that ThreadSanitizer knows; it does not see what `Mutex` orders.
///
/// `@unchecked Sendable`: the value is reached under the lock only.
final class Guarded<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
