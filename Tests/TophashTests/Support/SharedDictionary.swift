@testable import Tophash

/// What the shared dictionaries have in common, so that one test can drive them all.
protocol SharedDictionary<Key>: AnyObject, Sendable {
  associatedtype Key: Hashable & Sendable
  init()
  subscript(key: Key) -> Int? { get }
  @discardableResult func updateValue(_ value: Int, forKey key: Key) -> Int?
  @discardableResult func removeValue(forKey key: Key) -> Int?
  func value(forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Int) rethrows
    -> Int
  func withValue<Result>(forKey key: Key, _ body: (inout Int?) throws -> Result) rethrows -> Result
  @discardableResult
  func compareExchange(forKey key: Key, expected: Int?, desired: Int?) -> (
    exchanged: Bool, original: Int?
  )
  func removeAll()
  var count: Int { get }
  var isEmpty: Bool { get }
  var entries: [(Key, Int)] { get }
}

extension ConcurrentDictionary: SharedDictionary where Value == Int {
  convenience init() { self.init(minimumCapacity: 0) }
  var entries: [(Key, Int)] { map { ($0.key, $0.value) } }
}

extension ShardedDictionary: SharedDictionary where Value == Int {
  convenience init() { self.init(shardCount: 4) }
  var entries: [(Key, Int)] { map { ($0.key, $0.value) } }
}

extension LockedDictionary: SharedDictionary where Value == Int {
  convenience init() { self.init([:]) }
  var entries: [(Key, Int)] { map { ($0.key, $0.value) } }
}

extension ReadMostlyDictionary: SharedDictionary where Value == Int {
  convenience init() { self.init(hashing: .fast) }
  var entries: [(Key, Int)] { map { ($0.key, $0.value) } }
}
