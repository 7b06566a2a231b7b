/// A dictionary in many parts, each a table behind a lock of its own.
///
/// ```swift
/// let accounts = ShardedDictionary<String, Account>()
/// accounts.withValue(forKey: owner) { $0?.entries.append(entry) }  // in place, no copy
/// ```
///
/// Every method is atomic for its key. A change happens before every read that sees it.
/// `withShard(of:_:)` is a transaction over all keys that share a shard. `count` and iteration go
/// from shard to shard: each shard is seen as it is at one moment, the whole is no snapshot.
/// `removeAll()` is atomic: it takes all locks.
///
/// Closures run under the shard's lock. Changing or reading this dictionary from there stops the
/// program with a message. Keys are compared under it as well: their `==` must not use this
/// dictionary, or it waits for ever.
///
/// Tables are those of `FailFastDictionary`, which grow in small steps: no insertion takes long.
///
/// ## When to use it
///
/// - Values are arrays, dictionaries or sets that grow: here they are changed where they are.
/// - Several keys change together and can be made to share a shard.
///
/// ## When not to use it
///
/// - Many threads read the same few keys: readers of one shard wait for one another. Use
///   `ConcurrentDictionary`, or `ReadMostlyDictionary`.
/// - Everything must change together: `LockedDictionary`.
public final class ShardedDictionary<Key: Hashable & Sendable, Value: Sendable>:
  @unchecked Sendable
{
  // Sendable: all tables are behind their locks; the rest is immutable.

  /// Of a `FailFastDictionary`, only what does not check: the shard's lock keeps others out.
  @usableFromInline internal typealias Table = FailFastDictionary<Key, Value>

  /// Of all tables, too.
  @usableFromInline internal let hasher: KeyHasher<Key>
  @usableFromInline internal let base: UnsafeMutableRawPointer

  /// How many parts there are: a power of two.
  public let shardCount: Int

  /// An empty dictionary.
  ///
  /// - Parameters:
  ///   - shardCount: Rounded up to a power of two. Without it, eight for each processor: with as
  ///     many threads as processors, a thread finds its shard taken one time in eight or less.
  ///   - hashing: `.keyed` where keys come from somebody who may want collisions.
  @inlinable
  public init(shardCount: Int? = nil, hashing: KeyHashing = .fast) {
    let wanted = shardCount ?? 4 * ThreadStripe.recommendedCount
    precondition(wanted > 0, "a dictionary needs a shard at least")
    precondition(wanted <= 1 << 16, "more than 65,536 shards")
    var log = 0
    while 1 << log < wanted { log += 1 }
    self.shardCount = 1 << log
    hasher = KeyHasher(hashing)
    base = .allocate(byteCount: Self.stride << log, alignment: CacheLine.padding)
    for index in 0..<self.shardCount {
      lock(index).initialize(to: ShortLock())
      table(index).initialize(to: .passRetained(makeTable()))
    }
  }

  deinit {
    for index in 0..<shardCount { table(index).pointee.release() }
    base.deallocate()
  }

  @inlinable
  internal func makeTable() -> Table {
    Table(hasher: hasher, name: "ShardedDictionary", isChecked: false)
  }

  /// A shard is a lock and a table. Locks do not share cache lines.
  @inlinable internal static var stride: Int { CacheLine.padding }

  @inlinable @inline(__always)
  internal func lock(_ index: Int) -> UnsafeMutablePointer<ShortLock> {
    (base + index &* Self.stride).assumingMemoryBound(to: ShortLock.self)
  }

  /// Guarded by the lock of that index.
  @inlinable @inline(__always)
  internal func table(_ index: Int) -> UnsafeMutablePointer<Unmanaged<Table>> {
    (base + (index &* Self.stride &+ 16)).assumingMemoryBound(to: Unmanaged<Table>.self)
  }

  @inlinable @inline(__always)
  internal func hash(of key: Key) -> UInt { UInt(truncatingIfNeeded: hasher.hash(key)) }

  /// Chosen by bits of the hash that a table looks at neither for the bucket nor for the
  /// fingerprint, unless it has 2^40 buckets.
  @inlinable @inline(__always)
  internal func shardIndex(of hash: UInt) -> Int {
    Int(truncatingIfNeeded: hash &>> 40) & (shardCount &- 1)
  }

  /// The shard that holds `key`. Keys with equal indices can be changed in one transaction.
  @inlinable
  public func shardIndex(of key: Key) -> Int {
    shardIndex(of: hash(of: key))
  }

  @inlinable @inline(__always)
  internal func withTable<Result>(
    _ index: Int, _ body: (Table) throws -> Result
  ) rethrows -> Result {
    if _slowPath(RunningClosure.isAny) { RunningClosure.check(self) }
    return try lock(index).pointee.withLock {
      try table(index).pointee._withUnsafeGuaranteedRef(body)
    }
  }

  @inlinable @inline(__always)
  internal func withTable<Result>(
    of hash: UInt, _ body: (Table) throws -> Result
  ) rethrows -> Result {
    try withTable(shardIndex(of: hash), body)
  }

  /// A transaction over the keys that share `key`'s shard.
  ///
  /// ```swift
  /// accounts.withShard(of: payer) { shard in     // payer and payee share a shard
  ///   shard[payer, default: 0] -= amount
  ///   shard[payee, default: 0] += amount
  /// }
  /// ```
  ///
  /// - Parameter body: Gets the shard. It runs once, while nobody else can read or change it.
  @inlinable
  public func withShard<Result>(
    of key: Key, _ body: (inout Shard) throws -> Result
  ) rethrows -> Result {
    let index = shardIndex(of: key)
    return try withTable(index) { table in
      var shard = Shard(table, of: self, index)
      return try RunningClosure.run(for: self) { try body(&shard) }
    }
  }

  // MARK: The common surface

  /// The value for `key`, or `nil` if there is none.
  ///
  /// - Complexity: O(1) expected.
  @inlinable
  public subscript(key: Key) -> Value? {
    let hash = hash(of: key)
    return withTable(of: hash) { $0.find(key, hash)?.entry.pointee.value }
  }

  /// Sets the value for `key`.
  ///
  /// - Returns: The value that was replaced, or `nil` if the key is new.
  /// - Complexity: O(1) expected; an insertion moves at most two old buckets.
  @inlinable
  @discardableResult
  public func updateValue(_ value: Value, forKey key: Key) -> Value? {
    let hash = hash(of: key)
    return withTable(of: hash) { table in
      table.moveOldBuckets()
      return table.store(value, of: key, hash)
    }
  }

  /// Removes the value for `key`.
  ///
  /// - Returns: The value that was removed, or `nil` if there was none.
  /// - Complexity: O(1) expected.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    let hash = hash(of: key)
    // The key is released without the lock: its `deinit` may come back here.
    let entry = withTable(of: hash) { table in
      table.moveOldBuckets()
      return table.take(key, hash)
    }
    return entry?.value
  }

  /// The value for `key`; if there is none, the one that `makeValue` makes is stored first.
  ///
  /// - Parameter makeValue: Runs once at most, and only if the key is absent.
  @inlinable
  public func value(
    forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value
  ) rethrows -> Value {
    let hash = hash(of: key)
    return try withTable(of: hash) { table in
      if let cell = table.find(key, hash) { return cell.entry.pointee.value }
      let made = try RunningClosure.run(for: self) { try makeValue() }
      table.moveOldBuckets()
      table.insert(Entry(key: key, value: made), hash)
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
    let hash = hash(of: key)
    var removed: Key?
    // Without the lock, as in `removeValue(forKey:)`.
    defer { withExtendedLifetime(removed) {} }
    return try withTable(of: hash) { table in
      table.moveOldBuckets()
      let cell = table.find(key, hash)
      // The cell's value is moved out while it is being changed, and then back.
      var value = cell?.value.move()
      defer { removed = table.putBack(value, of: key, hash, into: cell) }
      return try RunningClosure.run(for: self) { try body(&value) }
    }
  }

  /// Removes all entries, at one moment.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public func removeAll() {
    RunningClosure.check(self)
    // In the order of the indices: two of these do not wait for each other in a circle.
    for index in 0..<shardCount { lock(index).pointee.acquire() }
    var old: [Table] = []
    for index in 0..<shardCount {
      old.append(table(index).pointee.takeRetainedValue())
      table(index).pointee = .passRetained(makeTable())
    }
    for index in 0..<shardCount { lock(index).pointee.release() }
    // Deinitialisers run here, without locks.
    _ = consume old
  }

  /// The number of entries, shard by shard.
  ///
  /// - Complexity: O(`shardCount`).
  @inlinable
  public var count: Int {
    (0..<shardCount).reduce(0) { $0 + withTable($1) { $0.storedCount } }
  }

  /// Whether there are no entries.
  ///
  /// - Complexity: O(`shardCount`).
  @inlinable
  public var isEmpty: Bool {
    (0..<shardCount).allSatisfy { withTable($0) { $0.storedCount == 0 } }
  }

  /// How the entries are spread just now.
  public var statistics: ShardedDictionaryStatistics {
    let counts = (0..<shardCount).map { withTable($0) { $0.storedCount } }
    return ShardedDictionaryStatistics(
      count: counts.reduce(0, +), shards: shardCount, largestShard: counts.max() ?? 0)
  }
}

/// What `ShardedDictionary.statistics` tells.
public struct ShardedDictionaryStatistics: Sendable, Hashable {
  /// Entries.
  public var count: Int
  /// Parts, each with a lock.
  public var shards: Int
  /// Entries in the fullest part.
  public var largestShard: Int
}

extension ShardedDictionary where Value: Equatable {
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

extension ShardedDictionary: Sequence {
  public typealias Element = (key: Key, value: Value)

  /// Goes through the entries, shard by shard, each as it is when the iterator gets there.
  ///
  /// No key is returned twice; one that is there from beginning to end is returned. A shard is copied
  /// when the iterator gets there.
  @inlinable
  public func makeIterator() -> Iterator {
    Iterator(self)
  }

  @inlinable
  public var underestimatedCount: Int { 0 }

  public struct Iterator: IteratorProtocol {
    @usableFromInline internal let dictionary: ShardedDictionary
    @usableFromInline internal var nextShard = 0
    @usableFromInline internal var shard: [Element].Iterator?

    @inlinable
    internal init(_ dictionary: ShardedDictionary) {
      self.dictionary = dictionary
    }

    @inlinable
    public mutating func next() -> Element? {
      while true {
        if let element = shard?.next() { return element }
        guard nextShard < dictionary.shardCount else { return nil }
        shard = dictionary.withTable(nextShard) { $0.entries() }.makeIterator()
        nextShard += 1
      }
    }
  }
}
