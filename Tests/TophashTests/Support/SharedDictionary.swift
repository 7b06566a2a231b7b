@testable import Tophash

/// What the shared dictionaries have in common, so that one test can drive them all.
protocol SharedDictionary<Key, Value>: AnyObject, Sendable {
  associatedtype Key: Hashable & Sendable
  associatedtype Value: Sendable
  init()
  subscript(key: Key) -> Value? { get }
  @discardableResult func updateValue(_ value: Value, forKey key: Key) -> Value?
  @discardableResult func removeValue(forKey key: Key) -> Value?
  func value(forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value)
    rethrows -> Value
  func withValue<Result>(forKey key: Key, _ body: (inout Value?) throws -> Result) rethrows
    -> Result
  func removeAll()
  var count: Int { get }
  var isEmpty: Bool { get }
  var entries: [(Key, Value)] { get }
}

final class Concurrent<Key: Hashable & Sendable, Value: Sendable>: SharedDictionary {
  let base = ConcurrentDictionary<Key, Value>()
  init() {}
  subscript(key: Key) -> Value? { base[key] }
  func updateValue(_ value: Value, forKey key: Key) -> Value? {
    base.updateValue(value, forKey: key)
  }
  func removeValue(forKey key: Key) -> Value? { base.removeValue(forKey: key) }
  func value(forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value)
    rethrows -> Value
  { try base.value(forKey: key, insertingIfAbsent: try makeValue()) }
  func withValue<Result>(
    forKey key: Key, _ body: (inout Value?) throws -> Result
  ) rethrows -> Result { try base.withValue(forKey: key, body) }
  func removeAll() { base.removeAll() }
  var count: Int { base.count }
  var isEmpty: Bool { base.isEmpty }
  var entries: [(Key, Value)] { base.map { ($0.key, $0.value) } }
}
