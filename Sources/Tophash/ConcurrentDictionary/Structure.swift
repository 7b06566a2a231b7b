import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension ConcurrentDictionary {
  /// The dictionary's memory: who has it, who may have it next.
  @usableFromInline
  internal struct Structure {
    /// All segments ever made, to be deallocated at the end.
    @usableFromInline internal var segments: [Segment<Key, Value>] = []
    /// Segments out of use, by the logarithm of their homes.
    @usableFromInline internal var pool: [[Segment<Key, Value>]] = []

    /// All directories ever made. Outgrown ones are kept, for a reader may be in them: together
    /// they are smaller than the present one, which is a thousandth of the table.
    @usableFromInline internal var directories: [UnsafeMutableRawPointer] = []

    /// Overflow nodes that found no room in their segment: only where many keys collide.
    @usableFromInline internal var spills: [Node<Key, Value>] = []
    @usableFromInline internal var freeSpills: [Node<Key, Value>] = []

    @usableFromInline internal var growths = 0
    @usableFromInline internal var merges = 0

    @inlinable
    internal init() {}

    @inlinable
    internal mutating func takeSegment(homesLog: Int) -> Segment<Key, Value> {
      while pool.count <= homesLog { pool.append([]) }
      if let segment = pool[homesLog].popLast() { return segment }
      let segment = Segment<Key, Value>.allocate(homesLog: homesLog)
      segments.append(segment)
      return segment
    }

    @inlinable
    internal mutating func giveBack(_ segment: Segment<Key, Value>) {
      pool[segment.homesLog].append(segment)
    }

    @inlinable
    internal mutating func takeSpill() -> Node<Key, Value> {
      if let node = freeSpills.popLast() {
        node.tags = TagWord(0)
        node.next = nil
        return node
      }
      let node = Node<Key, Value>(
        .allocate(
          byteCount: Node<Key, Value>.overflowSize,
          alignment: Swift.max(16, Node<Key, Value>.slotAlignment)))
      node.tagCell.initialize(to: Atomic(0))
      node.wordCell.initialize(to: Atomic(0))
      spills.append(node)
      return node
    }

    /// A new directory's root word.
    @inlinable
    internal mutating func makeDirectory(depth: Int, slot: (Int) -> UInt64) -> UInt64 {
      let slots = UnsafeMutableRawPointer.allocate(byteCount: 8 &<< depth, alignment: 64)
      directories.append(slots)
      let cells = slots.bindMemory(to: Atomic<UInt64>.self, capacity: 1 &<< depth)
      for index in 0..<(1 &<< depth) { (cells + index).initialize(to: Atomic(slot(index))) }
      return UInt64(UInt(bitPattern: slots)) | UInt64(truncatingIfNeeded: 32 - depth)
    }

    /// Returns the pages of segments out of use to the system, and keeps their addresses.
    @inlinable
    internal mutating func releasePages() {
      for segments in pool {
        for segment in segments { segment.releasePages() }
      }
    }

    @inlinable
    internal mutating func deallocate() {
      for segment in segments { segment.base.deallocate() }
      for directory in directories { directory.deallocate() }
      for node in spills { node.base.deallocate() }
    }
  }
}

extension Segment {
  /// Returns the pages of this private segment's overflow nodes to the system: who takes it next
  /// begins with few of them.
  ///
  /// A reader that was held up in such a node finds zeros, no tags and no next node, and then a
  /// later version in the bucket.
  @usableFromInline
  internal func releaseAreaPages() {
    #if os(Linux)
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = Node<Int, Int>.roundUp(
      Int(bitPattern: base) + Self.areaOffset(homesLog: homesLog), to: page)
    let end = (Int(bitPattern: base) + Self.byteCount(homesLog: homesLog)) & ~(page - 1)
    guard start < end else { return }
    _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, Int32(MADV_DONTNEED))
    #endif
  }

  /// Returns the pages of this private segment to the system. They read as zeros from then on,
  /// which is a bucket that is not live, and the versions are remembered to go on from.
  @usableFromInline
  internal func releasePages() {
    #if os(Linux)
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = Node<Int, Int>.roundUp(
      Int(bitPattern: base) + Self.bucketOffset, to: page)
    let end = (Int(bitPattern: base) + Self.byteCount(homesLog: homesLog)) & ~(page - 1)
    guard start < end else { return }
    var floor = area.pointee.versionFloor
    for index in 0..<homes {
      let version = bucket(index).bucketWord.versionOnly
      if version.bits > floor.bits { floor = version }
    }
    area.pointee.versionFloor = floor.nextVersion
    _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, Int32(MADV_DONTNEED))
    #endif
  }
}
