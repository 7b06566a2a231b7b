import Synchronization

extension ConcurrentDictionary: Sequence {
  public typealias Element = (key: Key, value: Value)

  /// Goes through the entries, in no particular order, while other tasks may change them.
  ///
  /// - An entry that is there from beginning to end is returned exactly once.
  /// - No key is returned twice, even if it is removed and added again.
  /// - A key that is added, changed or removed meanwhile is returned with a value it had meanwhile,
  ///   or not at all.
  ///
  /// It never fails, blocks nobody, and may be given up at any point.
  ///
  /// - Complexity: O(1) to make; O(`capacity`) for all entries.
  @inlinable
  public func makeIterator() -> Iterator {
    Iterator(self)
  }

  /// A sequence cannot know it without being a snapshot.
  @inlinable
  public var underestimatedCount: Int { 0 }

  public struct Iterator: IteratorProtocol {
    // A key's place, position and home, never changes. The iterator goes through the line of
    // positions in ranges, each as long as the segment that it found at its start, and in each
    // range through the homes. Segments of that range that are split meanwhile are visited both, at
    // the same home; of larger ones, only the entries in question are taken.

    @usableFromInline internal let dictionary: ConcurrentDictionary
    @usableFromInline internal var start: UInt64 = 0
    @usableFromInline internal var end: UInt64 = 0
    /// In the range, all homes before this one have been visited.
    @usableFromInline internal var home: UInt64 = 1 &<< HashParts.homeBits
    @usableFromInline internal var entries: [Element] = []
    @usableFromInline internal var index = 0

    @inlinable
    internal init(_ dictionary: ConcurrentDictionary) {
      self.dictionary = dictionary
    }

    @inlinable
    public mutating func next() -> Element? {
      while index == entries.count {
        entries.removeAll(keepingCapacity: true)
        index = 0
        guard fill() else { return nil }
      }
      defer { index &+= 1 }
      return entries[index]
    }

    /// Reads the next home's entries; `false` at the end.
    @inlinable
    internal mutating func fill() -> Bool {
      if home == 1 &<< HashParts.homeBits {
        guard end < HashParts.positions else { return false }
        start = end
        let range = dictionary.publishedRange(at: start)
        end = range.end
        home = 0
      }
      var homeEnd = home
      var position = start
      while position < end {
        let read = dictionary.readBucket(
          position: position, home: home, homeEnd: homeEnd == home ? nil : homeEnd,
          positions: start..<end, into: &entries)
        homeEnd = read.homeEnd
        position = read.end
      }
      home = homeEnd
      return true
    }
  }

  @inlinable
  internal func publishedRange(at position: UInt64) -> PositionRange {
    while true {
      let root = root.load(ordering: .acquiring)
      let range = Self.segment(
        Self.slotCell(root, position).pointee.load(ordering: .acquiring)
      ).range
      if range.start <= position && position < range.end { return range }
    }
  }

  /// Appends the entries of one bucket, as they are at one moment, whose positions and homes are
  /// in the given ranges.
  ///
  /// - Parameter homeEnd: Where to stop; `nil` for the end of the bucket.
  /// - Returns: Where it stopped, and where the bucket's segment ends.
  @inlinable
  internal func readBucket(
    position: UInt64, home: UInt64, homeEnd: UInt64?, positions: Range<UInt64>,
    into entries: inout [Element]
  ) -> (homeEnd: UInt64, end: UInt64) {
    let pin = _isPOD(Key.self) && _isPOD(Value.self) ? nil : domain.pin()
    defer { if let pin { domain.unpin(pin) } }
    let before = entries.count
    var backoff = Backoff()
    return Bucket.withScratch { scratch in
      restart: while true {
        entries.removeSubrange(before...)
        let root = self.root.load(ordering: .acquiring)
        let slotCell = Self.slotCell(root, position)
        let slotWord = slotCell.pointee.load(ordering: .acquiring)
        let segment = Self.segment(slotWord)
        let range = segment.range
        let width: UInt64 = 1 &<< (slotWord & Self.lowBits)
        let bucketStart = home & ~(width &- 1)
        let bucket = Self.homeBucket(slotWord, home: home)
        let word = bucket.bucketWord
        guard word.isLive, range.start <= position, position < range.end else {
          backoff.wait()
          continue restart
        }
        let last = homeEnd ?? bucketStart &+ width
        let isWhole =
          bucketStart == home && bucketStart &+ width == last && range.start >= positions.lowerBound
          && range.end <= positions.upperBound
        // A bucket of a smaller segment ends before `last`: go on in the next one.
        var node = bucket
        var lanes = SlotSet.homeLanes
        while true {
          var occupied = node.tags.occupied(in: lanes)
          while !occupied.isEmpty {
            node.loadWords(occupied.first, into: scratch)
            guard word.isSame(as: bucket.bucketWord) else { continue restart }
            let key = scratch.pointee.key
            if isWhole || contains(key, positions, home..<last) {
              entries.append((key: key, value: scratch.pointee.value))
            }
            occupied.removeFirst()
          }
          if node.base == bucket.base {
            guard word.hasLink else { break }
            node = segment.overflowNode(word.link, homesLog: Self.homesLog(slotWord))
            lanes = SlotSet.overflowLanes
          } else {
            guard let next = node.next else { break }
            guard word.isSame(as: bucket.bucketWord) else { continue restart }
            node = next
          }
        }
        // As for an absent key: see `search(_:_:)`.
        guard slotCell.pointee.load(ordering: .acquiring) == slotWord,
          self.root.load(ordering: .acquiring) == root, word.isSame(as: bucket.bucketWord)
        else { continue restart }
        return (last, range.end)
      }
    }
  }

  @inlinable
  internal func contains(
    _ key: Key, _ positions: Range<UInt64>, _ homes: Range<UInt64>
  ) -> Bool {
    let hash = HashParts(hasher.hash(key))
    return positions.contains(hash.position) && homes.contains(hash.home)
  }
}
