@usableFromInline
struct Entry<Key, Value> {
  @usableFromInline var key: Key
  @usableFromInline var value: Value

  @inlinable @inline(__always)
  init(key: consuming Key, value: consuming Value) {
    self.key = key
    self.value = value
  }
}

/// The head of a bucket: sixteen bytes, four to a cache line.
@usableFromInline
struct BucketHead {
  @usableFromInline var controls: ControlWord
  /// The next bucket of the chain: an overflow bucket's head, which its entries follow.
  @usableFromInline var overflow: UnsafeMutablePointer<BucketHead>?

  @inlinable @inline(__always)
  init(controls: ControlWord, overflow: UnsafeMutablePointer<BucketHead>?) {
    self.controls = controls
    self.overflow = overflow
  }
}

/// A bucket: eight cells, and perhaps an overflow bucket after it.
///
/// The one type through which entries are reached; everything unsafe about a
/// `FailFastDictionary` is here and in `BucketArray`, which owns the memory. A
/// bucket owns nothing, and is valid as long as its array.
///
/// Heads and entries are apart, so that a search reads one line of heads (small,
/// and likely in a cache) and one line of entries:
///
///     heads     controls ┆ overflow │ controls ┆ overflow │ …
///     entries   key value key value … (8) │ key value … (8) │ …
///
/// In an overflow bucket the entries follow the head.
@usableFromInline
struct Bucket<Key, Value> {
  @usableFromInline let head: UnsafeMutablePointer<BucketHead>
  @usableFromInline let entries: UnsafeMutablePointer<Entry<Key, Value>>

  @inlinable @inline(__always)
  init(head: UnsafeMutablePointer<BucketHead>, entries: UnsafeMutablePointer<Entry<Key, Value>>) {
    self.head = head
    self.entries = entries
  }

  /// The overflow bucket at `head`.
  @inlinable @inline(__always)
  init(overflow head: UnsafeMutablePointer<BucketHead>) {
    self.head = head
    entries = (UnsafeMutableRawPointer(head) + Self.overflowEntriesOffset)
      .assumingMemoryBound(to: Entry<Key, Value>.self)
  }

  @inlinable @inline(__always)
  static var overflowEntriesOffset: Int {
    max(MemoryLayout<BucketHead>.stride, MemoryLayout<Entry<Key, Value>>.alignment)
  }

  @inlinable @inline(__always)
  var controls: ControlWord {
    get { head.pointee.controls }
    nonmutating set { head.pointee.controls = newValue }
  }

  @inlinable @inline(__always)
  var overflow: Bucket? {
    guard let next = head.pointee.overflow else { return nil }
    return Bucket(overflow: next)
  }

  /// The overflow bucket, unless it is known to be empty.
  @inlinable @inline(__always)
  var searchableOverflow: Bucket? {
    guard let next = head.pointee.overflow, !controls.endsChain else { return nil }
    return Bucket(overflow: next)
  }
}

/// A cell of a bucket.
@usableFromInline
struct Cell<Key, Value> {
  @usableFromInline let bucket: Bucket<Key, Value>
  @usableFromInline let index: Int

  @inlinable @inline(__always)
  init(bucket: Bucket<Key, Value>, index: Int) {
    self.bucket = bucket
    self.index = index
  }

  @inlinable @inline(__always)
  var entry: UnsafeMutablePointer<Entry<Key, Value>> { bucket.entries + index }

  // The parts of an entry in memory, for when the other one is missing.

  @inlinable @inline(__always)
  var key: UnsafeMutablePointer<Key> {
    // Swift lays out the fields of a struct in order.
    UnsafeMutableRawPointer(entry).assumingMemoryBound(to: Key.self)
  }

  @inlinable @inline(__always)
  var value: UnsafeMutablePointer<Value> {
    withUnsafeMutablePointer(to: &entry.pointee.value) { $0 }
  }

  @inlinable @inline(__always)
  var control: UInt8 {
    get { bucket.controls[index] }
    nonmutating set { bucket.head.pointee.controls[index] = newValue }
  }
}

extension Bucket where Key: Equatable {
  /// The cell of `key` in this bucket and its chain.
  @inlinable @inline(__always)
  func find(_ key: Key, fingerprint: UInt8) -> Cell<Key, Value>? {
    var bucket = self
    while true {
      var candidates = bucket.controls.cells(with: fingerprint)
      while !candidates.isEmpty {
        let index = candidates.first
        let cell = Cell(bucket: bucket, index: index)
        if _fastPath(KeyEquality.isEqual(at: cell.key, to: key)) { return cell }
        candidates.removeFirst()
      }
      guard let next = bucket.searchableOverflow else { return nil }
      bucket = next
    }
  }
}

extension Bucket {
  /// The first empty cell of the chain, or its last bucket when it is full.
  @inlinable @inline(__always)
  func firstEmpty() -> (cell: Cell<Key, Value>?, last: Bucket) {
    var bucket = self
    while true {
      if let index = bucket.controls.firstEmpty {
        return (Cell(bucket: bucket, index: index), bucket)
      }
      guard let next = bucket.overflow else { return (nil, bucket) }
      bucket = next
    }
  }

  /// Marks the cell at `index` of `bucket`, a bucket of the chain that starts
  /// here, as empty. When nothing follows it, the empty cells before it become
  /// `emptyRest` too, back to the last one that is not, so that a search ends
  /// as early as it can.
  @inlinable
  func vacate(_ index: Int, of bucket: Bucket) {
    bucket.head.pointee.controls[index] = ControlByte.emptyOne
    if index < 7 {
      guard bucket.controls[index + 1] == ControlByte.emptyRest else { return }
    } else if let next = bucket.overflow {
      guard next.controls[0] == ControlByte.emptyRest else { return }
    }
    var bucket = bucket
    var index = index
    while true {
      bucket.head.pointee.controls[index] = ControlByte.emptyRest
      if index > 0 {
        index -= 1
      } else {
        guard bucket.head != head else { return }
        let following = bucket.head
        bucket = self
        while bucket.head.pointee.overflow != following { bucket = bucket.overflow! }
        index = 7
      }
      guard bucket.controls[index] == ControlByte.emptyOne else { return }
    }
  }
}
