/// A dictionary in many parts, each an ordinary `Dictionary` behind a lock of its own.
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
/// program with a message.
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
/// - No insertion may take long: a shard that grows moves all its entries at once.
/// - Everything must change together: `LockedDictionary`.
public final class ShardedDictionary<Key: Hashable & Sendable, Value: Sendable>:
  @unchecked Sendable
{
  // Sendable: all dictionaries are behind their mutexes; the rest is immutable.

  @usableFromInline internal let hasher: KeyHasher<Key>
  @usableFromInline internal let base: UnsafeMutableRawPointer
  @usableFromInline internal let shift: UInt64

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
    shift = UInt64(64 - log)
    hasher = KeyHasher(hashing)
    base = .allocate(byteCount: Self.stride << log, alignment: CacheLine.padding)
    for index in 0..<self.shardCount {
      lock(index).initialize(to: ShortLock())
      entries(index).initialize(to: [:])
    }
  }

  deinit {
    for index in 0..<shardCount { entries(index).deinitialize(count: 1) }
    base.deallocate()
  }

  /// A shard is a lock and a dictionary. Shards do not share cache lines.
  @inlinable internal static var stride: Int { CacheLine.padding }

  @inlinable @inline(__always)
  internal func lock(_ index: Int) -> UnsafeMutablePointer<ShortLock> {
    (base + index &* Self.stride).assumingMemoryBound(to: ShortLock.self)
  }

  /// Guarded by the lock of that index.
  @inlinable @inline(__always)
  internal func entries(_ index: Int) -> UnsafeMutablePointer<[Key: Value]> {
    (base + (index &* Self.stride &+ 16)).assumingMemoryBound(to: [Key: Value].self)
  }

  /// The shard that holds `key`. Keys with equal indices can be changed in one transaction.
  @inlinable
  public func shardIndex(of key: Key) -> Int {
    // With one shard, the shift is 64, which a smart shift makes zero.
    Int(truncatingIfNeeded: hasher.hash(key) >> shift)
  }

  @inlinable @inline(__always)
  internal func withShard<Result>(
    at index: Int, _ body: (inout [Key: Value]) throws -> Result
  ) rethrows -> Result {
    if _slowPath(RunningClosure.isAny) { RunningClosure.check(self) }
    return try lock(index).pointee.withLock { try body(&entries(index).pointee) }
  }

  /// A transaction over the keys that share `key`'s shard.
  ///
  /// - Parameter body: Gets the whole shard; keys of other shards must not be added to it. It runs
  ///   once, while nobody else can read or change the shard.
  @inlinable
  public func withShard<Result>(
    of key: Key, _ body: (inout [Key: Value]) throws -> Result
  ) rethrows -> Result {
    try withShard(at: shardIndex(of: key)) { entries in
      try RunningClosure.run(for: self) { try body(&entries) }
    }
  }

  // MARK: The common surface

  /// The value for `key`, or `nil` if there is none.
  ///
  /// - Complexity: O(1) expected.
  @inlinable
  public subscript(key: Key) -> Value? {
    withShard(at: shardIndex(of: key)) { $0[key] }
  }

  /// Sets the value for `key`.
  ///
  /// - Returns: The value that was replaced, or `nil` if the key is new.
  /// - Complexity: O(1) expected, amortised; O(entries of the shard) when it grows.
  @inlinable
  @discardableResult
  public func updateValue(_ value: Value, forKey key: Key) -> Value? {
    withShard(at: shardIndex(of: key)) { $0.updateValue(value, forKey: key) }
  }

  /// Removes the value for `key`.
  ///
  /// - Returns: The value that was removed, or `nil` if there was none.
  /// - Complexity: O(1) expected.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    withShard(at: shardIndex(of: key)) { $0.removeValue(forKey: key) }
  }

  /// The value for `key`; if there is none, the one that `makeValue` makes is stored first.
  ///
  /// - Parameter makeValue: Runs once at most, and only if the key is absent.
  @inlinable
  public func value(
    forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value
  ) rethrows -> Value {
    try withShard(of: key) { entries in
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
    try withShard(of: key) { try body(&$0[key]) }
  }

  /// Removes all entries, at one moment.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public func removeAll() {
    RunningClosure.check(self)
    // In the order of the indices: two of these do not wait for each other in a circle.
    for index in 0..<shardCount { lock(index).pointee.acquire() }
    var old: [[Key: Value]] = []
    for index in 0..<shardCount {
      old.append(entries(index).pointee)
      entries(index).pointee = [:]
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
    (0..<shardCount).reduce(0) { $0 + withShard(at: $1) { $0.count } }
  }

  /// Whether there are no entries.
  ///
  /// - Complexity: O(`shardCount`).
  @inlinable
  public var isEmpty: Bool {
    (0..<shardCount).allSatisfy { withShard(at: $0) { $0.isEmpty } }
  }

  /// How the entries are spread just now.
  public var statistics: ShardedDictionaryStatistics {
    let counts = (0..<shardCount).map { withShard(at: $0) { $0.count } }
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
    withValue(forKey: key) { current in
      let original = current
      guard original == expected else { return (false, original) }
      current = desired
      return (true, original)
    }
  }
}

extension ShardedDictionary: Sequence {
  public typealias Element = (key: Key, value: Value)

  /// Goes through the entries, shard by shard, each as it is when the iterator gets there.
  ///
  /// No key is returned twice; one that is there from beginning to end is returned. A shard that is
  /// changed while it is being gone through is copied.
  @inlinable
  public func makeIterator() -> Iterator {
    Iterator(self)
  }

  @inlinable
  public var underestimatedCount: Int { 0 }

  public struct Iterator: IteratorProtocol {
    @usableFromInline internal let dictionary: ShardedDictionary
    @usableFromInline internal var nextShard = 0
    @usableFromInline internal var shard: [Key: Value].Iterator?

    @inlinable
    internal init(_ dictionary: ShardedDictionary) {
      self.dictionary = dictionary
    }

    @inlinable
    public mutating func next() -> Element? {
      while true {
        if let element = shard?.next() { return (element.key, element.value) }
        guard nextShard < dictionary.shardCount else { return nil }
        shard = dictionary.withShard(at: nextShard) { $0 }.makeIterator()
        nextShard += 1
      }
    }
  }
}
