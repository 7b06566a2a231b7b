/// A `Dictionary` behind one reader-writer lock: the simplest shared dictionary, with the strongest
/// promises.
///
/// ```swift
/// let prices = LockedDictionary<String, Int>()
/// prices.write { prices in            // several keys, one step
///   prices["tea"] = 3
///   prices["coffee"] = 4
/// }
/// for (item, price) in prices { … }   // a snapshot: as all entries were at one moment
/// ```
///
/// Every method is atomic, `count`, `removeAll()` and iteration included. A change happens before
/// every read that sees it.
///
/// Closures run under the lock. Using this dictionary from within one stops the program with a
/// message.
///
/// ## When to use it
///
/// - Entries belong together and must be read or changed together.
/// - It is not used often enough to matter: a few thousand times a second.
///
/// ## When not to use it
///
/// - Several threads use it all the time: even readers write to the lock, and are no faster on two
///   cores than on one. Use `ConcurrentDictionary`.
/// - It is iterated over and changed in turn: the first change after a snapshot copies everything.
public final class LockedDictionary<Key: Hashable & Sendable, Value: Sendable>:
  @unchecked Sendable
{
  // Sendable: `entries` is read under the lock, and changed under the writer's lock.

  @usableFromInline internal let lock = ReadWriteLock()
  @usableFromInline @exclusivity(unchecked) internal var entries: [Key: Value]

  /// A dictionary with the given entries.
  @inlinable
  public init(_ entries: [Key: Value] = [:]) {
    self.entries = entries
  }

  deinit {
    lock.deallocate()
  }

  // MARK: Everything at once

  /// Runs `body` while nobody changes the dictionary. Other readers go on.
  @inlinable
  public func read<Result>(_ body: ([Key: Value]) throws -> Result) rethrows -> Result {
    if _slowPath(RunningClosure.isAny) { RunningClosure.check(self) }
    return try lock.read {
      try RunningClosure.run(for: self) { try body(entries) }
    }
  }

  /// Runs `body` while nobody else uses the dictionary.
  @inlinable
  public func write<Result>(_ body: (inout [Key: Value]) throws -> Result) rethrows -> Result {
    if _slowPath(RunningClosure.isAny) { RunningClosure.check(self) }
    return try lock.write {
      try RunningClosure.run(for: self) { try body(&entries) }
    }
  }

  /// All entries as they are at one moment.
  ///
  /// - Complexity: O(1), and O(`count`) for the first change after it.
  @inlinable
  public var snapshot: [Key: Value] { read { $0 } }

  // MARK: The common surface

  /// The value for `key`, or `nil` if there is none.
  ///
  /// - Complexity: O(1) expected.
  @inlinable
  public subscript(key: Key) -> Value? {
    read { $0[key] }
  }

  /// Sets the value for `key`.
  ///
  /// - Returns: The value that was replaced, or `nil` if the key is new.
  /// - Complexity: O(1) expected, amortised; O(`count`) when it grows, and after a snapshot.
  @inlinable
  @discardableResult
  public func updateValue(_ value: Value, forKey key: Key) -> Value? {
    write { $0.updateValue(value, forKey: key) }
  }

  /// Removes the value for `key`.
  ///
  /// - Returns: The value that was removed, or `nil` if there was none.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    write { $0.removeValue(forKey: key) }
  }

  /// The value for `key`; if there is none, the one that `makeValue` makes is stored first.
  ///
  /// - Parameter makeValue: Runs once at most, and only if the key is absent.
  @inlinable
  public func value(
    forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value
  ) rethrows -> Value {
    if let present = self[key] { return present }
    return try write { entries in
      if let present = entries[key] { return present }
      let made = try makeValue()
      entries[key] = made
      return made
    }
  }

  /// Reads, changes, adds or removes the value for `key` in one step, in place.
  ///
  /// - Parameter body: Runs once. What it has changed when it throws stays changed.
  @inlinable
  public func withValue<Result>(
    forKey key: Key, _ body: (inout Value?) throws -> Result
  ) rethrows -> Result {
    try write { try body(&$0[key]) }
  }

  /// Removes all entries.
  @inlinable
  public func removeAll() {
    // Deinitialisers run after the lock was released.
    _ = write { entries in
      let old = entries
      entries = [:]
      return old
    }
  }

  /// The number of entries.
  @inlinable
  public var count: Int { read { $0.count } }

  /// Whether there are no entries.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// How the table is built just now.
  public var statistics: LockedDictionaryStatistics {
    read { LockedDictionaryStatistics(count: $0.count, capacity: $0.capacity) }
  }
}

/// What `LockedDictionary.statistics` tells.
public struct LockedDictionaryStatistics: Sendable, Hashable {
  /// Entries.
  public var count: Int
  /// Entries that fit before everything moves.
  public var capacity: Int
}

extension LockedDictionary where Value: Equatable {
  /// Sets the value for `key` to `desired` if it is `expected`. For both, `nil` means: no value.
  ///
  /// - Returns: Whether it was, and the value from before.
  @inlinable
  @discardableResult
  public func compareExchange(
    forKey key: Key, expected: Value?, desired: Value?
  ) -> (exchanged: Bool, original: Value?) {
    withValue(forKey: key) { $0.compareExchange(expected: expected, desired: desired) }
  }
}

extension LockedDictionary: Sequence {
  /// Goes through a snapshot: the entries as they were when the iterator was made.
  ///
  /// - Complexity: O(1) to make, and O(`count`) for the first change after that.
  @inlinable
  public func makeIterator() -> [Key: Value].Iterator {
    snapshot.makeIterator()
  }

  @inlinable
  public var underestimatedCount: Int { 0 }
}
