import Synchronization

/// A dictionary that any number of tasks and threads read and change at the same time.
///
/// ```swift
/// let hits = ConcurrentDictionary<String, Int>()       // no `var`, no lock, no actor
/// hits.withValue(forKey: page) { $0 = ($0 ?? 0) + 1 }  // one atomic step
/// print(hits["/index.html"] ?? 0)
/// ```
///
/// ## What is atomic
///
/// Every method is, for its key: operations on one key happen in some single order that all tasks
/// agree on, each between its call and its return (they are linearizable). A change happens before
/// every read that sees it, and so does everything that its task did earlier.
///
/// A `get` followed by a `set` is two operations: another task may come in between. Use
/// `withValue(forKey:_:)`, `value(forKey:insertingIfAbsent:)`, `updateValue(_:forKey:merging:)`,
/// `compareExchange(forKey:expected:desired:)` or `removeValue(forKey:where:)`.
///
/// `count`, `isEmpty` and iteration look at many keys and are no snapshot: what other tasks change
/// meanwhile, they may see or miss. `removeAll()` is atomic.
///
/// ## What it costs
///
/// - Reading takes no lock and writes no shared memory. It waits in one case only: a writer is just
///   copying a value of more than eight bytes over another, for a few nanoseconds.
/// - A writer locks one bucket, seven keys or so. Closures run under that lock: keep them short.
///   They may read this dictionary, but changing it from there stops the program with a message.
/// - Growing replaces one segment of some 3,000 entries at a time, so no insertion takes long.
/// - Keys and values that are bitwise copyable are stored and read without reference counting. Of
///   others, a replaced or removed one is released a little later than its last use here, on
///   whatever thread changes the dictionary then, when all readers of that moment have left.
///
/// ## When not to use it
///
/// - One task at a time uses the dictionary: `Dictionary`, or `FailFastDictionary` while you are
///   not sure of that.
/// - Several keys must change together: `ShardedDictionary` has transactions within a shard,
///   `LockedDictionary` over everything.
/// - You need a consistent view of all entries: `LockedDictionary`.
/// - Values are large arrays or dictionaries that are changed in place: every change copies them,
///   for a reader may hold the old one. `ShardedDictionary` changes them where they are.
public final class ConcurrentDictionary<Key: Hashable & Sendable, Value: Sendable>:
  @unchecked Sendable
{
  // Sendable: `root` and all that hangs on it are atomic words; writing to slots takes the bucket's
  // lock; everything else here is immutable or behind `structureLock`.

  @usableFromInline internal typealias Bucket = Node<Key, Value>

  /// The directory's slots, and in the low bits how far to shift a position for its index there.
  @usableFromInline internal let root: Atomic<UInt64>
  @usableFromInline internal let hasher: KeyHasher<Key>
  @usableFromInline internal let counter: StripedCounter
  @usableFromInline internal let domain: EpochDomain

  /// `nil` where releasing is nothing.
  @usableFromInline internal let keyLimbo: Limbo<Key>?
  @usableFromInline internal let valueLimbo: Limbo<Value>?

  /// Taken by whoever changes the directory or needs memory; for a moment, with no other lock
  /// after it.
  @usableFromInline internal let structureLock = ShortLock()
  /// Guarded by `structureLock`.
  @usableFromInline @exclusivity(unchecked) internal var structure: Structure

  /// An empty dictionary.
  ///
  /// - Parameters:
  ///   - minimumCapacity: Room is made for that many entries.
  ///   - hashing: `.keyed` where keys come from somebody who may want collisions.
  @inlinable
  public init(minimumCapacity: Int = 0, hashing: KeyHashing = .fast) {
    precondition(minimumCapacity >= 0, "a dictionary's capacity cannot be negative")
    hasher = KeyHasher(hashing)
    counter = StripedCounter()
    domain = .shared
    keyLimbo = _isPOD(Key.self) ? nil : Limbo()
    valueLimbo = _isPOD(Value.self) ? nil : Limbo()
    var structure = Structure()
    let segment = structure.takeSegment(homesLog: 0)
    segment.prepare(.all)
    segment.open()
    segment.disown()
    root = Atomic(structure.makeDirectory(depth: 0) { _ in Self.slotWord(segment) })
    self.structure = structure
    if minimumCapacity > 0 { reserveCapacity(minimumCapacity) }
  }

  /// A dictionary with the given entries.
  ///
  /// - Precondition: No two keys are equal.
  @inlinable
  public convenience init(
    uniqueKeysWithValues entries: some Sequence<(Key, Value)>, hashing: KeyHashing = .fast
  ) {
    self.init(minimumCapacity: entries.underestimatedCount, hashing: hashing)
    for (key, value) in entries {
      let old = updateValue(value, forKey: key)
      precondition(old == nil, "two entries have the same key")
    }
  }

  deinit {
    // Nobody else holds a reference any more: no reader, no writer.
    if keyLimbo != nil || valueLimbo != nil {
      forEachSegment { segment in
        segment.forEachEntry { node, slot in node.entry(slot).deinitialize(count: 1) }
      }
    }
    counter.deallocate()
    structure.deallocate()
  }

  // MARK: From a hash to a bucket

  @inlinable @inline(__always)
  internal static var lowBits: UInt64 { 63 }

  @inlinable @inline(__always)
  internal static func slotCell(
    _ root: UInt64, _ position: UInt64
  ) -> UnsafeMutablePointer<Atomic<UInt64>> {
    // No directory is at address zero.
    let slots = UnsafeMutableRawPointer(bitPattern: UInt(root & ~lowBits)).unsafelyUnwrapped
      .assumingMemoryBound(to: Atomic<UInt64>.self)
    return slots + Int(truncatingIfNeeded: position &>> (root & lowBits))
  }

  /// A segment as the directory holds it: how far to shift a hash's `home` is in the low bits.
  @inlinable
  internal static func slotWord(_ segment: Segment<Key, Value>) -> UInt64 {
    UInt64(UInt(bitPattern: segment.base))
      | (HashParts.homeBits - UInt64(truncatingIfNeeded: segment.homesLog))
  }

  @inlinable @inline(__always)
  internal static func segment(_ slotWord: UInt64) -> Segment<Key, Value> {
    Segment(UnsafeMutableRawPointer(bitPattern: UInt(slotWord & ~lowBits)).unsafelyUnwrapped)
  }

  @inlinable @inline(__always)
  internal static func homesLog(_ slotWord: UInt64) -> Int {
    Int(truncatingIfNeeded: HashParts.homeBits &- (slotWord & lowBits))
  }

  @inlinable @inline(__always)
  internal static func homeBucket(_ slotWord: UInt64, home: UInt64) -> Bucket {
    segment(slotWord).bucket(Int(truncatingIfNeeded: home &>> (slotWord & lowBits)))
  }

  @inlinable
  internal func withStructure<Result>(_ body: (inout Structure) -> Result) -> Result {
    structureLock.withLock { body(&structure) }
  }

  /// The segments in the order of their positions. Only while nobody changes the directory.
  @inlinable
  internal func forEachSegment(_ body: (Segment<Key, Value>) -> Void) {
    var position: UInt64 = 0
    while position < HashParts.positions {
      // Acquiring: pairs with publishing.
      let root = root.load(ordering: .acquiring)
      let segment = Self.segment(Self.slotCell(root, position).pointee.load(ordering: .acquiring))
      let end = segment.range.end
      body(segment)
      position = end
    }
  }
}
