import Synchronization

/// The positions that one segment is responsible for: 2^(32 - depth) from `start` on.
@usableFromInline @frozen
internal struct PositionRange: Equatable {
  @usableFromInline internal var start: UInt64
  @usableFromInline internal var depth: Int

  @inlinable
  internal init(start: UInt64, depth: Int) {
    self.start = start
    self.depth = depth
  }

  @inlinable
  internal init(bits: UInt64) {
    self.init(start: bits &>> 8, depth: Int(truncatingIfNeeded: bits & 0xFF))
  }

  @inlinable internal static var all: PositionRange { PositionRange(start: 0, depth: 0) }
  @inlinable internal var bits: UInt64 { start &<< 8 | UInt64(truncatingIfNeeded: depth) }
  @inlinable internal var length: UInt64 { HashParts.positions &>> UInt64(depth) }
  @inlinable internal var end: UInt64 { start + length }

  @inlinable internal var lowerHalf: PositionRange {
    PositionRange(start: start, depth: depth + 1)
  }
  @inlinable internal var upperHalf: PositionRange {
    PositionRange(start: start + length / 2, depth: depth + 1)
  }
  /// The range of which this is a half.
  @inlinable internal var parent: PositionRange {
    PositionRange(start: start & ~length, depth: depth - 1)
  }

  /// The share of all keys that lie here.
  @inlinable internal var share: Double {
    HashParts.share(before: end) - HashParts.share(before: start)
  }
}

/// What precedes a segment's buckets.
@usableFromInline @frozen
internal struct SegmentHeader: ~Copyable {
  /// `Segment.private`, `.published` or `.owned`. Who moves it from `.published` to `.owned` may replace the segment, and
  /// nobody else then.
  @usableFromInline internal let state = Atomic<Int>(Segment<Int, Int>.private)

  /// Overflow nodes in use. A measure of how full the segment is that costs ordinary insertions
  /// nothing: with homes of 7 slots and 7.5 entries on average, five nodes to eight homes.
  @usableFromInline internal let overflowCount = Atomic<Int>(0)

  /// Grow when `overflowCount` gets there.
  @usableFromInline internal let growAt = Atomic<Int>(0)

  /// Guards the `SegmentArea`.
  @usableFromInline internal let areaLock = ShortLock()

  @usableFromInline internal let homesLog: Int
  /// A `PositionRange`. Atomic, for an iterator may look at a segment out of use.
  @usableFromInline internal let range = Atomic<UInt64>(0)

  @inlinable
  internal init(homesLog: Int) {
    self.homesLog = homesLog
  }
}

/// Which overflow nodes of a segment are free. Guarded by `SegmentHeader.areaLock`.
@usableFromInline @frozen
internal struct SegmentArea {
  @usableFromInline internal var used = 0
  /// Nodes that are not the first of their chain.
  @usableFromInline internal var later = 0
  /// Nodes given back, linked by `Node.next`.
  @usableFromInline internal var free: UnsafeMutableRawPointer? = nil
  /// A bound on all versions the buckets ever had. Only kept when their pages were given back.
  @usableFromInline internal var versionFloor = BucketWord(0)

  @inlinable
  internal init() {}
}

/// A part of the table: home buckets and room for their overflow.
///
/// ```
/// │ header, 128 bytes │ home buckets, a power of two │ area: overflow nodes │
/// ```
///
/// Segments of one dictionary are reused, but their memory stays segments of the same size until
/// the dictionary is destroyed. A reader that was held up may look at a segment that is long out of
/// use; it will find buckets there, see that they are not live or of a later version, and start
/// again. That is why reading integers needs no pin.
@usableFromInline @frozen
internal struct Segment<Key, Value>: Equatable {
  @usableFromInline internal let base: UnsafeMutableRawPointer

  @usableFromInline internal typealias Bucket = Node<Key, Value>

  @inlinable @inline(__always)
  internal init(_ base: UnsafeMutableRawPointer) {
    self.base = base
  }

  // MARK: States

  /// Being filled, or lying in the pool.
  @inlinable internal static var `private`: Int { 0 }
  /// In the directory.
  @inlinable internal static var published: Int { 1 }
  /// In the directory, about to be replaced by whoever moved it to this state.
  @inlinable internal static var owned: Int { 2 }

  // MARK: Layout

  @inlinable internal static var areaHeaderOffset: Int { 64 }
  @inlinable internal static var headerSize: Int { 128 }
  @inlinable internal static var alignment: Int { Swift.max(128, Bucket.slotAlignment) }
  @inlinable internal static var bucketOffset: Int { Bucket.roundUp(headerSize, to: alignment) }

  /// Homes of a full-grown segment: as many as fit 96 KiB, 512 at most.
  @inlinable internal static var maximumHomesLog: Int {
    var log = 9
    while log > 3 && Bucket.homeSize &<< log > 96 &<< 10 { log &-= 1 }
    return log
  }

  /// First nodes of a chain are always found room, since there is one per home; half as many
  /// later nodes are, too.
  @inlinable internal static func laterCapacity(homesLog: Int) -> Int {
    Swift.max(1, (1 &<< homesLog) &>> 1)
  }

  @inlinable internal static func areaOffset(homesLog: Int) -> Int {
    bucketOffset &+ Bucket.homeSize &<< homesLog
  }

  @inlinable internal static func byteCount(homesLog: Int) -> Int {
    areaOffset(homesLog: homesLog)
      &+ ((1 &<< homesLog) &+ laterCapacity(homesLog: homesLog)) &* Bucket.overflowSize
  }

  // MARK: Parts

  @inlinable @inline(__always)
  internal var header: UnsafeMutablePointer<SegmentHeader> {
    base.assumingMemoryBound(to: SegmentHeader.self)
  }

  @inlinable @inline(__always)
  internal var area: UnsafeMutablePointer<SegmentArea> {
    (base + Self.areaHeaderOffset).assumingMemoryBound(to: SegmentArea.self)
  }

  @inlinable @inline(__always)
  internal func bucket(_ index: Int) -> Bucket {
    Bucket(base + (Self.bucketOffset &+ index &* Bucket.homeSize))
  }

  @inlinable internal var homesLog: Int { header.pointee.homesLog }
  @inlinable internal var homes: Int { 1 &<< homesLog }

  @inlinable internal var range: PositionRange {
    // Acquiring: pairs with the store in `prepare(_:)`.
    PositionRange(bits: header.pointee.range.load(ordering: .acquiring))
  }

  /// The overflow node that a `BucketWord` links to.
  @inlinable @inline(__always)
  internal func overflowNode(_ link: Int, homesLog: Int) -> Bucket {
    Bucket(base + (Self.areaOffset(homesLog: homesLog) &+ (link &- 1) &* Bucket.overflowSize))
  }

  @inlinable internal func link(to node: Bucket) -> Int {
    (node.base - base - Self.areaOffset(homesLog: homesLog)) / Bucket.overflowSize + 1
  }

  @inlinable internal func isInArea(_ node: Bucket) -> Bool {
    let offset = node.base - base
    return offset >= Self.areaOffset(homesLog: homesLog)
      && offset < Self.byteCount(homesLog: homesLog)
  }

  // MARK: Making

  /// A private segment whose buckets are not live.
  @inlinable
  internal static func allocate(homesLog: Int) -> Segment {
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount(homesLog: homesLog), alignment: alignment)
    let segment = Segment(base)
    segment.header.initialize(to: SegmentHeader(homesLog: homesLog))
    segment.area.initialize(to: SegmentArea())
    for index in 0..<(1 &<< homesLog) {
      let bucket = segment.bucket(index)
      bucket.tagCell.initialize(to: Atomic(0))
      bucket.wordCell.initialize(to: Atomic(0))
    }
    return segment
  }

  /// Empties a private segment, old or new.
  @inlinable
  internal func prepare(_ range: PositionRange) {
    header.pointee.range.store(range.bits, ordering: .releasing)
    // Private, so nobody else takes nodes; the lock is for what was done before.
    let floor = header.pointee.areaLock.withLock {
      let floor = area.pointee.versionFloor
      area.pointee = SegmentArea()
      area.pointee.versionFloor = floor
      return floor
    }
    // Relaxed: private.
    header.pointee.overflowCount.store(0, ordering: .relaxed)
    header.pointee.growAt.store(Swift.max(1, (5 &* homes) &>> 3), ordering: .relaxed)
    for index in 0..<homes {
      let bucket = bucket(index)
      let version = bucket.bucketWord.versionOnly
      bucket.bucketWord = version.bits >= floor.bits ? version : floor
      bucket.tags = TagWord(0)
    }
  }

  /// Lets readers and writers in, who come when it is published.
  @inlinable
  internal func open() {
    for index in 0..<homes {
      let bucket = bucket(index)
      bucket.bucketWord = bucket.bucketWord.nextVersion.live
    }
  }

  // MARK: Owning

  /// Tries to become the one that replaces this segment.
  @inlinable
  internal func tryOwn() -> Bool {
    // Acquiring: pairs with `disown()` and with publishing; the plain fields are ours to read.
    header.pointee.state.compareExchange(
      expected: Self.published, desired: Self.owned, ordering: .acquiringAndReleasing
    ).exchanged
  }

  @inlinable
  internal func disown() {
    header.pointee.state.store(Self.published, ordering: .releasing)
  }

  /// Keeps all writers out, waiting for those within. Readers go on.
  ///
  /// No deadlock: a writer holds one bucket at most and waits for nothing while it does; segments
  /// are owned, and frozen, in the order of their positions.
  @inlinable
  internal func freeze() {
    for index in 0..<homes {
      let bucket = bucket(index)
      var backoff = Backoff()
      while true {
        let word = bucket.bucketWord
        if !word.isLocked,
          bucket.wordCell.pointee.compareExchange(
            expected: word.bits, desired: word.locked.bits, ordering: .acquiringAndReleasing
          ).exchanged
        {
          break
        }
        backoff.wait()
      }
    }
  }

  /// Lets writers in again, nothing having changed.
  @inlinable
  internal func thaw() {
    for index in 0..<homes {
      let bucket = bucket(index)
      bucket.bucketWord = bucket.bucketWord.unlocked
    }
  }

  /// Takes a frozen segment, which has been replaced, out of use.
  @inlinable
  internal func close() {
    for index in 0..<homes {
      let bucket = bucket(index)
      bucket.bucketWord = bucket.bucketWord.versionOnly.nextVersion
    }
    header.pointee.state.store(Self.private, ordering: .releasing)
  }

  // MARK: Reading what is frozen

  /// All nodes of a home's chain, the home first, with the lanes of each.
  @inlinable @inline(__always)
  internal func forEachNode(
    of home: Int, _ body: (Bucket, UInt64) throws -> Void
  ) rethrows {
    let bucket = bucket(home)
    try body(bucket, SlotSet.homeLanes)
    let word = bucket.bucketWord
    guard word.hasLink else { return }
    var node: Bucket? = overflowNode(word.link, homesLog: homesLog)
    while let current = node {
      try body(current, SlotSet.overflowLanes)
      node = current.next
    }
  }

  @inlinable @inline(__always)
  internal func forEachEntry(
    _ body: (Bucket, Int) throws -> Void
  ) rethrows {
    for home in 0..<homes {
      try forEachNode(of: home) { node, lanes in
        var slots = node.tags.occupied(in: lanes)
        while !slots.isEmpty {
          try body(node, slots.first)
          slots.removeFirst()
        }
      }
    }
  }

  @inlinable
  internal var entryCount: Int {
    var count = 0
    for home in 0..<homes {
      forEachNode(of: home) { node, lanes in count += node.tags.occupied(in: lanes).count }
    }
    return count
  }

  // MARK: The area

  /// An overflow node, empty, without successor; `nil` when there is no room for a later one.
  @inlinable
  internal func takeNode(first: Bool) -> Bucket? {
    header.pointee.overflowCount.wrappingAdd(1, ordering: .relaxed)
    let base: UnsafeMutableRawPointer? = header.pointee.areaLock.withLock {
      if !first {
        guard area.pointee.later < Self.laterCapacity(homesLog: homesLog) else {
          return nil
        }
        area.pointee.later += 1
      }
      if let base = area.pointee.free {
        area.pointee.free = Bucket(base).next?.base
        return base
      }
      area.pointee.used += 1
      let node = overflowNode(area.pointee.used, homesLog: homesLog)
      return node.base
    }
    guard let base else { return nil }
    let node = Bucket(base)
    node.tags = TagWord(0)
    node.next = nil
    return node
  }

  /// Takes back a node of the area. A reader may still be in it; it will notice.
  @inlinable
  internal func giveBack(_ node: Bucket, first: Bool) {
    header.pointee.overflowCount.wrappingSubtract(1, ordering: .relaxed)
    header.pointee.areaLock.withLock {
      node.next = area.pointee.free.map { Bucket($0) }
      area.pointee.free = node.base
      if !first { area.pointee.later -= 1 }
    }
  }
}
