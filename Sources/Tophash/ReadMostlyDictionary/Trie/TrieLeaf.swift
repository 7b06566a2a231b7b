/// Some entries, side by side. Never changed once others can see it: a change puts another leaf in
/// its place.
///
///     0       8        8 + 8 n
///     ┌───────┬────────┬───────────────────────┐
///     │ count │ hashes │ entries (key, value)  │      n = count
///     └───────┴────────┴───────────────────────┘
///
/// That makes the address in a slot stand for everything in the leaf: whoever finds the address
/// unchanged knows that the entries are, too.
///
/// Several entries to a leaf, because a branch costs as much as six of them: with one entry per slot
/// the trie took 107 bytes per entry, and a look-up went one cache line further.
///
/// A handle, which owns nothing. Valid as long as the pin under which it was read, or until it is
/// destroyed by the only one who knows it.
@frozen
@usableFromInline
struct TrieLeaf<Key: Hashable, Value> {
  @frozen
  @usableFromInline
  struct Entry {
    @usableFromInline let key: Key
    @usableFromInline let value: Value

    @inlinable
    init(key: Key, value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// More entries than this share a leaf only when their hashes are equal in all 64 bits.
  @inlinable static var capacity: Int { 4 }

  @usableFromInline let base: UnsafeMutableRawPointer

  @inlinable
  init(base: UnsafeMutableRawPointer) { self.base = base }

  // MARK: Reading

  @inlinable var count: Int { base.load(as: Int.self) }

  @inlinable var hashes: UnsafeMutablePointer<UInt64> {
    (base + MemoryLayout<Int>.size).assumingMemoryBound(to: UInt64.self)
  }

  @inlinable var entries: UnsafeMutablePointer<Entry> {
    (base + Self.entriesOffset(count)).assumingMemoryBound(to: Entry.self)
  }

  @inlinable
  static func entriesOffset(_ count: Int) -> Int {
    let alignment = MemoryLayout<Entry>.alignment
    return (8 &+ 8 &* count &+ alignment &- 1) & ~(alignment &- 1)
  }

  /// The position of `key`, or nil.
  @inlinable
  func find(_ key: Key, hash: UInt64) -> Int? {
    let count = self.count
    var index = 0
    while index < count {
      if hashes[index] == hash && entries[index].key == key { return index }
      index &+= 1
    }
    return nil
  }

  /// Whether a leaf may hold these entries and one more with this hash.
  @inlinable
  func hasRoom(for hash: UInt64) -> Bool {
    count < Self.capacity || (0..<count).allSatisfy { hashes[$0] == hash }
  }

  // MARK: Making

  @inlinable
  static func allocate(count: Int) -> TrieLeaf {
    let size = entriesOffset(count) + count * MemoryLayout<Entry>.stride
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: size, alignment: Swift.max(16, MemoryLayout<Entry>.alignment))
    base.initializeMemory(as: Int.self, to: count)
    return TrieLeaf(base: base)
  }

  /// Fills a position of a leaf that was just allocated.
  @inlinable
  func initialize(_ index: Int, hash: UInt64, key: Key, value: Value) {
    (hashes + index).initialize(to: hash)
    (entries + index).initialize(to: Entry(key: key, value: value))
  }

  /// Fills positions of a leaf that was just allocated with entries of another.
  @inlinable
  func initialize(_ index: Int, from other: TrieLeaf, _ range: Range<Int>) {
    (hashes + index).initialize(from: other.hashes + range.lowerBound, count: range.count)
    (entries + index).initialize(from: other.entries + range.lowerBound, count: range.count)
  }

  @inlinable
  static func make(hash: UInt64, key: Key, value: Value) -> TrieLeaf {
    let new = allocate(count: 1)
    new.initialize(0, hash: hash, key: key, value: value)
    return new
  }

  @inlinable
  func replacing(_ index: Int, with value: Value) -> TrieLeaf {
    let new = Self.allocate(count: count)
    new.initialize(0, from: self, 0..<index)
    new.initialize(index, hash: hashes[index], key: entries[index].key, value: value)
    new.initialize(index + 1, from: self, (index + 1)..<count)
    return new
  }

  @inlinable
  func appending(hash: UInt64, key: Key, value: Value) -> TrieLeaf {
    let new = Self.allocate(count: count + 1)
    new.initialize(0, from: self, 0..<count)
    new.initialize(count, hash: hash, key: key, value: value)
    return new
  }

  /// - Precondition: there is another entry.
  @inlinable
  func removing(_ index: Int) -> TrieLeaf {
    let new = Self.allocate(count: count - 1)
    new.initialize(0, from: self, 0..<index)
    new.initialize(index, from: self, (index + 1)..<count)
    return new
  }

  @inlinable
  func destroy() {
    entries.deinitialize(count: count)
    base.deallocate()
  }
}
