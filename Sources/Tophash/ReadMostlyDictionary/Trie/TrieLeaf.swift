/// Some entries, side by side. Never changed once others can see it: a change puts another leaf in
/// its place.
///
///     0      4       8        8 + 8 n
///     ┌──────┬───────┬────────┬──────────────────────┐
///     │ tags │ count │ hashes │ entries (key, value) │      n = count
///     └──────┴───────┴────────┴──────────────────────┘
///
/// A tag is the last byte of a hash, so that a look-up finds the right one of four entries by one
/// comparison of 32 bits. The hashes are for changes and iteration.
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

  /// Tags in the lower half, that of the first entry lowest; the count in the upper half.
  @inlinable var header: UnsafeMutablePointer<UInt64> {
    base.assumingMemoryBound(to: UInt64.self)
  }

  @inlinable var count: Int { Int(truncatingIfNeeded: header.pointee &>> 32) }

  @inlinable var hashes: UnsafeMutablePointer<UInt64> {
    (base + 8).assumingMemoryBound(to: UInt64.self)
  }

  @inlinable var entries: UnsafeMutablePointer<Entry> {
    (base + Self.entriesOffset(count)).assumingMemoryBound(to: Entry.self)
  }

  /// Swift lays out the fields of a struct in order.
  @inlinable @inline(__always)
  func keyPointer(_ entry: UnsafeMutablePointer<Entry>) -> UnsafePointer<Key> {
    UnsafeRawPointer(entry).assumingMemoryBound(to: Key.self)
  }

  @inlinable
  static func entriesOffset(_ count: Int) -> Int {
    let alignment = MemoryLayout<Entry>.alignment
    return (8 &+ 8 &* count &+ alignment &- 1) & ~(alignment &- 1)
  }

  /// The position of `key`, or nil.
  @inlinable
  @inline(__always)
  func find(_ key: Key, hash: UInt64) -> Int? {
    let header = header.pointee
    let count = Int(truncatingIfNeeded: header &>> 32)
    guard _fastPath(count <= Self.capacity) else { return findCollided(key, hash: hash) }
    let entries = entries
    // Bytes that become zero had the tag that is looked for; above such a byte there may be false
    // matches, as tags of different keys may be equal: the key decides.
    let difference = header ^ ((hash & 0xff) &* 0x0101_0101)
    var matches = (difference &- 0x0101_0101) & ~difference & 0x8080_8080
    matches &= (1 &<< UInt64(8 &* count)) &- 1
    while matches != 0 {
      let index = matches.trailingZeroBitCount &>> 3
      if KeyEquality.isEqual(at: keyPointer(entries + index), to: key) { return index }
      matches &= matches &- 1
    }
    return nil
  }

  @inlinable
  @inline(never)
  func findCollided(_ key: Key, hash: UInt64) -> Int? {
    guard hashes[0] == hash else { return nil }
    return (0..<count).first { KeyEquality.isEqual(at: keyPointer(entries + $0), to: key) }
  }

  /// Whether a leaf may hold these entries and one more with this hash.
  @inlinable
  func hasRoom(for hash: UInt64) -> Bool {
    count < Self.capacity || (0..<count).allSatisfy { hashes[$0] == hash }
  }

  // MARK: Making

  @inlinable
  static func allocate(header: UInt64) -> TrieLeaf {
    let count = Int(truncatingIfNeeded: header &>> 32)
    let size = entriesOffset(count) &+ count &* MemoryLayout<Entry>.stride
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: size, alignment: Swift.max(8, MemoryLayout<Entry>.alignment))
    base.initializeMemory(as: UInt64.self, to: header)
    return TrieLeaf(base: base)
  }

  /// A leaf without tags, to be filled from another one.
  @inlinable
  static func allocate(count: Int) -> TrieLeaf {
    allocate(header: UInt64(truncatingIfNeeded: count) &<< 32)
  }

  /// The tag of the entry at `index`, in its place; none beyond the first entries.
  @inlinable
  static func tag(_ index: Int, of hash: UInt64) -> UInt64 {
    index < capacity ? (hash & 0xff) &<< UInt64(truncatingIfNeeded: 8 &* index) : 0
  }

  /// What a header counts by.
  @inlinable static var one: UInt64 { 1 &<< 32 }

  /// Fills a position of a leaf that was just allocated, save for the tag.
  @inlinable @inline(__always)
  func initialize(_ index: Int, hash: UInt64, key: Key, value: Value) {
    (hashes + index).initialize(to: hash)
    (entries + index).initialize(to: Entry(key: key, value: value))
  }

  /// The same, with a copy of an entry of another leaf.
  @inlinable @inline(__always)
  func initialize(_ index: Int, from other: TrieLeaf, _ source: Int) {
    (hashes + index).initialize(to: other.hashes[source])
    (entries + index).initialize(to: other.entries[source])
  }

  @inlinable
  func setTag(_ index: Int, of hash: UInt64) { header.pointee |= Self.tag(index, of: hash) }

  @inlinable
  static func make(hash: UInt64, key: Key, value: Value) -> TrieLeaf {
    let new = allocate(header: one | tag(0, of: hash))
    new.initialize(0, hash: hash, key: key, value: value)
    return new
  }

  @inlinable
  func replacing(_ index: Int, with value: Value) -> TrieLeaf {
    let new = Self.allocate(header: header.pointee)
    if _isPOD(Entry.self) {
      let size = Self.entriesOffset(count) &+ count &* MemoryLayout<Entry>.stride
      new.base.copyMemory(from: base, byteCount: size)
    } else {
      for other in 0..<count where other != index { new.initialize(other, from: self, other) }
    }
    new.initialize(index, hash: hashes[index], key: entries[index].key, value: value)
    return new
  }

  @inlinable
  func appending(hash: UInt64, key: Key, value: Value) -> TrieLeaf {
    let new = Self.allocate(header: (header.pointee &+ Self.one) | Self.tag(count, of: hash))
    for index in 0..<count { new.initialize(index, from: self, index) }
    new.initialize(count, hash: hash, key: key, value: value)
    return new
  }

  /// - Precondition: there is another entry.
  @inlinable
  func removing(_ index: Int) -> TrieLeaf {
    let new = Self.allocate(count: count &- 1)
    for target in 0..<(count &- 1) {
      let source = target < index ? target : target &+ 1
      new.initialize(target, from: self, source)
      new.setTag(target, of: hashes[source])
    }
    return new
  }

  @inlinable
  func destroy() {
    entries.deinitialize(count: count)
    base.deallocate()
  }
}
