/// Where the buckets of an array are. Owns nothing; valid as long as the array.
@usableFromInline
struct BucketView<Key, Value> {
  @usableFromInline let heads: UnsafeMutablePointer<BucketHead>
  @usableFromInline let entries: UnsafeMutablePointer<Entry<Key, Value>>
  /// One less than the number of buckets, a power of two.
  @usableFromInline let mask: Int

  @inlinable @inline(__always)
  init(
    heads: UnsafeMutablePointer<BucketHead>, entries: UnsafeMutablePointer<Entry<Key, Value>>,
    mask: Int
  ) {
    self.heads = heads
    self.entries = entries
    self.mask = mask
  }

  @inlinable @inline(__always)
  subscript(index: Int) -> Bucket<Key, Value> {
    Bucket(head: heads + index, entries: entries + index &* 8)
  }

  @inlinable @inline(__always)
  func index(of hash: UInt) -> Int { Int(bitPattern: hash) & mask }
}

/// `2^exponent` buckets and their overflow buckets.
///
/// The dictionary holds the current array and, while it grows, the old one; an
/// iterator holds the arrays it walks. So an old array that is referenced once
/// is one that no iterator will look at, and its keys need not be kept. (Go
/// leaves this to flags and the garbage collector.)
@usableFromInline
final class BucketArray<Key, Value> {
  @usableFromInline let exponent: Int
  @usableFromInline let view: BucketView<Key, Value>
  @usableFromInline let headMemory: ZeroedMemory
  @usableFromInline let entryMemory: ZeroedMemory

  /// Blocks of overflow buckets. Freed with the array, or block by block by `releaseBlock`.
  @exclusivity(unchecked) @usableFromInline var blocks: [ZeroedMemory] = []
  /// Overflow buckets handed out of the last block.
  @exclusivity(unchecked) @usableFromInline var usedOfLastBlock = 0
  @exclusivity(unchecked) @usableFromInline var overflowCount = 0

  /// The memory of the buckets below this one was given back.
  @exclusivity(unchecked) @usableFromInline var releasedCount = 0
  /// Whether an evacuated bucket kept its keys for an iterator.
  @exclusivity(unchecked) @usableFromInline var keepsKeys = false

  @inlinable
  init(exponent: Int) {
    self.exponent = exponent
    let count = 1 << exponent
    headMemory = ZeroedMemory(byteCount: count * MemoryLayout<BucketHead>.stride, alignment: 64)
    entryMemory = ZeroedMemory(
      byteCount: count * 8 * MemoryLayout<Entry<Key, Value>>.stride,
      alignment: max(64, MemoryLayout<Entry<Key, Value>>.alignment))
    view = BucketView(
      heads: headMemory.start.bindMemory(to: BucketHead.self, capacity: count),
      entries: entryMemory.start.bindMemory(to: Entry<Key, Value>.self, capacity: count * 8),
      mask: count - 1)
  }

  @inlinable
  deinit {
    destroyEntries()
    for block in blocks { block.free() }
    headMemory.free()
    entryMemory.free()
  }

  @inlinable
  var bucketCount: Int { view.mask + 1 }

  @inlinable
  static var overflowBucketStride: Int {
    let alignment = max(
      MemoryLayout<BucketHead>.alignment, MemoryLayout<Entry<Key, Value>>.alignment)
    let size =
      Bucket<Key, Value>.overflowEntriesOffset + 8 * MemoryLayout<Entry<Key, Value>>.stride
    return (size + alignment - 1) & ~(alignment - 1)
  }

  /// Overflow buckets come in blocks of a sixteenth of the array, as many as
  /// Go sets aside beforehand, but in no block above 64 KiB: one of them is
  /// made or freed within a single operation.
  @inlinable
  var overflowBucketsPerBlock: Int {
    max(1, min(bucketCount / 16, 65536 / Self.overflowBucketStride))
  }

  /// A new overflow bucket at the end of the chain whose last bucket is `last`.
  @inlinable
  func appendOverflow(to last: Bucket<Key, Value>) -> Bucket<Key, Value> {
    let stride = Self.overflowBucketStride
    if blocks.isEmpty || usedOfLastBlock == overflowBucketsPerBlock {
      blocks.append(
        ZeroedMemory(
          byteCount: overflowBucketsPerBlock * stride,
          alignment: max(16, MemoryLayout<Entry<Key, Value>>.alignment),
          // Beside a large array from the kernel too, so that it can go back there: the next
          // array needs overflow buckets only when it is nearly full.
          isPaged: entryMemory.isPaged))
      usedOfLastBlock = 0
    }
    let start = blocks[blocks.count - 1].start + usedOfLastBlock * stride
    usedOfLastBlock += 1
    overflowCount += 1
    let head = start.bindMemory(to: BucketHead.self, capacity: 1)
    last.head.pointee.overflow = head
    return Bucket(overflow: head)
  }

  /// Frees one block of overflow buckets; false when there is none left.
  @inlinable
  func releaseBlock() -> Bool {
    guard let block = blocks.popLast() else { return false }
    block.free()
    return true
  }

  /// Calls `body` with the buckets that may hold anything, chain by chain.
  @inlinable
  func forEachBucket(_ body: (Bucket<Key, Value>) -> Void) {
    for index in releasedCount..<bucketCount {
      var next: Bucket<Key, Value>? = view[index]
      while let bucket = next {
        body(bucket)
        next = bucket.overflow
      }
    }
  }

  /// Destroys all that is left in the cells. Leaves the control bytes alone.
  @inlinable
  func destroyEntries() {
    guard !(_isPOD(Key.self) && _isPOD(Value.self)) else { return }
    forEachBucket { bucket in
      for index in 0..<8 {
        switch bucket.controls[index] {
        case ControlByte.emptyRest, ControlByte.emptyOne, ControlByte.evacuatedEmpty:
          break
        case ControlByte.evacuatedLow, ControlByte.evacuatedHigh:
          Cell(bucket: bucket, index: index).key.deinitialize(count: 1)
        default:
          (bucket.entries + index).deinitialize(count: 1)
        }
      }
    }
  }

  /// Destroys all entries. Every cell reads `emptyRest` afterwards, so that an
  /// iterator which still walks here comes to its end.
  @inlinable
  func clear() {
    destroyEntries()
    forEachBucket { $0.controls = ControlWord(bits: 0) }
  }

  /// `clear`, for an array that no iterator walks: its overflow buckets go, too.
  @inlinable
  func reset() {
    destroyEntries()
    (view.heads + releasedCount).update(
      repeating: BucketHead(controls: ControlWord(bits: 0), overflow: nil),
      count: bucketCount - releasedCount)
    while releaseBlock() {}
    usedOfLastBlock = 0
    overflowCount = 0
  }

  /// Gives back the memory of evacuated buckets, those below `count`, so that an
  /// array of any size goes in small steps. The addresses stay readable.
  ///
  /// Returns the number of evacuated buckets from which on to do it again.
  @inlinable
  func release(below count: Int) -> Int {
    guard !keepsKeys, entryMemory.isPaged else { return .max }
    let stride = 8 * MemoryLayout<Entry<Key, Value>>.stride
    if count > releasedCount {
      entryMemory.discard(from: releasedCount * stride, to: count * stride)
      headMemory.discard(
        from: releasedCount * MemoryLayout<BucketHead>.stride,
        to: count * MemoryLayout<BucketHead>.stride)
      releasedCount = count
    }
    return count + Swift.max(1, (1 << 18) / stride)
  }

  /// Gives back the rest, but the overflow blocks, when all is evacuated.
  @inlinable
  func releaseAll() {
    let stride = 8 * MemoryLayout<Entry<Key, Value>>.stride
    entryMemory.discard(from: releasedCount * stride, to: entryMemory.byteCount)
    releasedCount = bucketCount
  }

  @inlinable
  var byteCount: Int {
    let stride = 8 * MemoryLayout<Entry<Key, Value>>.stride + MemoryLayout<BucketHead>.stride
    return (bucketCount - releasedCount) * stride
      + blocks.count * overflowBucketsPerBlock * Self.overflowBucketStride
  }
}
