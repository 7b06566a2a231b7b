import Synchronization

/// A key and its value as they lie in a slot.
@usableFromInline @frozen
internal struct NodeEntry<Key, Value> {
  @usableFromInline internal var key: Key
  @usableFromInline internal var value: Value

  @inlinable @inline(__always)
  internal init(key: Key, value: Value) {
    self.key = key
    self.value = value
  }
}

/// A home bucket, or a node of its overflow chain: slots under a word of tags.
///
/// ```
/// 0 │ tags, a byte per slot              │ 8 │ BucketWord, or the next node's address │
/// 16 │ slots: 7 in a home bucket, 3 in an overflow node; whole words each             │
/// ```
///
/// A home bucket of 8-byte keys and values is 128 bytes, two lines that processors fetch together.
///
/// The words of a slot are written and read as atomic words, releasing and acquiring. That makes
/// reading a slot that is being overwritten well-defined: the words read may not belong together,
/// but whoever sees one word of the new entry also sees the bucket's word as it was before that
/// was written, no longer live or of a later version, and discards them all.
@usableFromInline @frozen
internal struct Node<Key, Value> {
  @usableFromInline internal let base: UnsafeMutableRawPointer

  @inlinable @inline(__always)
  internal init(_ base: UnsafeMutableRawPointer) {
    self.base = base
  }

  // MARK: Layout

  @inlinable @inline(__always)
  internal static func roundUp(_ size: Int, to unit: Int) -> Int {
    (size &+ unit &- 1) & ~(unit &- 1)
  }

  @inlinable internal static var slotAlignment: Int {
    Swift.max(8, MemoryLayout<NodeEntry<Key, Value>>.alignment)
  }

  @inlinable internal static var slotSize: Int {
    Swift.max(8, roundUp(MemoryLayout<NodeEntry<Key, Value>>.size, to: slotAlignment))
  }

  @inlinable internal static var slotOffset: Int { roundUp(16, to: slotAlignment) }

  @inlinable internal static var homeSize: Int {
    roundUp(slotOffset &+ 7 &* slotSize, to: Swift.max(16, slotAlignment))
  }

  @inlinable internal static var overflowSize: Int {
    roundUp(slotOffset &+ 3 &* slotSize, to: Swift.max(16, slotAlignment))
  }

  /// Swift lays out the fields of a struct in order, each at its alignment.
  @inlinable internal static var valueOffset: Int {
    roundUp(MemoryLayout<Key>.size, to: MemoryLayout<Value>.alignment)
  }

  /// The one word in which all bytes of the value lie, if there is one: that word can be replaced
  /// under the readers' eyes.
  @inlinable internal static var valueWord: Int? {
    guard MemoryLayout<Value>.size > 0 else { return nil }
    let first = valueOffset &>> 3
    let last = (valueOffset &+ MemoryLayout<Value>.size &- 1) &>> 3
    return first == last ? first : nil
  }

  // MARK: Parts

  @inlinable @inline(__always)
  internal var tagCell: UnsafeMutablePointer<Atomic<UInt64>> {
    base.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// The `BucketWord` of a home bucket; the next node's address in an overflow node.
  @inlinable @inline(__always)
  internal var wordCell: UnsafeMutablePointer<Atomic<UInt64>> {
    (base + 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  @inlinable @inline(__always)
  internal func slotBase(_ slot: Int) -> UnsafeMutableRawPointer {
    base + (Self.slotOffset &+ slot &* Self.slotSize)
  }

  /// The entry in place. Only for whoever keeps writers out.
  @inlinable @inline(__always)
  internal func entry(_ slot: Int) -> UnsafeMutablePointer<NodeEntry<Key, Value>> {
    slotBase(slot).assumingMemoryBound(to: NodeEntry<Key, Value>.self)
  }

  /// The key in place. Only for whoever keeps writers out.
  @inlinable @inline(__always)
  internal func key(_ slot: Int) -> UnsafePointer<Key> {
    UnsafeRawPointer(slotBase(slot)).assumingMemoryBound(to: Key.self)
  }

  /// The value in place. Only for whoever keeps writers out.
  @inlinable @inline(__always)
  internal func value(_ slot: Int) -> UnsafeMutablePointer<Value> {
    (slotBase(slot) + Self.valueOffset).assumingMemoryBound(to: Value.self)
  }

  // Acquiring and releasing, both: see above.
  @inlinable @inline(__always)
  internal var tags: TagWord {
    get { TagWord(tagCell.pointee.load(ordering: .acquiring)) }
    nonmutating set { tagCell.pointee.store(newValue.bits, ordering: .releasing) }
  }

  @inlinable @inline(__always)
  internal var bucketWord: BucketWord {
    get { BucketWord(wordCell.pointee.load(ordering: .acquiring)) }
    nonmutating set { wordCell.pointee.store(newValue.bits, ordering: .releasing) }
  }

  /// The node after this overflow node.
  @inlinable @inline(__always)
  internal var next: Node? {
    get {
      UnsafeMutableRawPointer(
        bitPattern: UInt(truncatingIfNeeded: wordCell.pointee.load(ordering: .acquiring))
      ).map { Node($0) }
    }
    nonmutating set {
      wordCell.pointee.store(
        UInt64(UInt(bitPattern: newValue?.base)), ordering: .releasing)
    }
  }

  // MARK: Slots, word by word

  // The words that are copied are keys and values to others. So here they are read and written as
  // raw memory: the compiler takes it for granted that typed accesses of different types never
  // meet, and then a key that was just copied in as words may be read from before.

  @inlinable @inline(__always)
  internal func loadWords(_ slot: Int, into target: UnsafeMutableRawPointer) {
    let source = slotBase(slot).assumingMemoryBound(to: Atomic<UInt64>.self)
    for word in 0..<(Self.slotSize &>> 3) {
      target.storeBytes(
        of: source[word].load(ordering: .acquiring), toByteOffset: word &* 8, as: UInt64.self)
    }
  }

  @inlinable @inline(__always)
  internal func storeWords(_ slot: Int, from source: UnsafeRawPointer) {
    for word in 0..<(Self.slotSize &>> 3) { storeWord(word, of: slot, from: source) }
  }

  @inlinable @inline(__always)
  internal func storeWord(_ word: Int, of slot: Int, from source: UnsafeRawPointer) {
    let target = slotBase(slot).assumingMemoryBound(to: Atomic<UInt64>.self)
    target[word].store(
      source.load(fromByteOffset: word &* 8, as: UInt64.self), ordering: .releasing)
  }

  /// Room for one entry on the stack. Ends up in registers when the types are known.
  @inlinable @inline(__always)
  internal static func withScratch<R>(
    _ body: (UnsafeMutablePointer<NodeEntry<Key, Value>>) throws -> R
  ) rethrows -> R {
    try _withUnprotectedUnsafeTemporaryAllocation(
      byteCount: slotSize, alignment: slotAlignment
    ) { bytes in
      try body(
        bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: NodeEntry<Key, Value>.self))
    }
  }
}
