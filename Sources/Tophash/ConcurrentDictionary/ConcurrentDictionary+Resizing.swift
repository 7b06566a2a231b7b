import Synchronization

extension ConcurrentDictionary {
  // Segments are replaced, never changed in size. Who replaces some of them
  //
  // 1. owns them, in the order of their positions;
  // 2. freezes them: writers wait, readers go on;
  // 3. copies their entries to new segments, which are private;
  // 4. opens those and puts them into the directory;
  // 5. closes the old ones: who waited there starts again and finds the new ones.
  //
  // Between 4 and 5 a reader may still find an entry in an old segment that has been changed in
  // the new one. It then started before 4, so that its answer was right at a moment during its
  // call.

  /// Replaces a segment that is full by a larger one or by two halves.
  @inlinable @inline(never)
  internal func grow(_ segment: Segment<Key, Value>) {
    guard segment.tryOwn() else { return }  // Somebody else is at it.
    let header = segment.header
    // It may be another one by now, in the same memory.
    guard
      header.pointee.overflowCount.load(ordering: .relaxed)
        >= header.pointee.growAt.load(ordering: .relaxed)
    else { return segment.disown() }
    let range = segment.range
    if segment.homesLog < Segment<Key, Value>.maximumHomesLog {
      replace(segment, by: range, homesLog: segment.homesLog + 1)
    } else if range.depth < depthLimit {
      split(segment, range)
    } else {
      // Colliding keys: longer chains are better than a directory without bounds.
      header.pointee.growAt.store(
        2 * header.pointee.growAt.load(ordering: .relaxed), ordering: .relaxed)
      segment.disown()
    }
  }

  /// How deep a segment may lie: with good hashes, no segment comes near.
  @inlinable
  internal var depthLimit: Int {
    let limit = Swift.max(64, counter.sum / 16)
    return Swift.min(30, Int.bitWidth - limit.leadingZeroBitCount)
  }

  @inlinable
  internal func takeSegment(_ range: PositionRange, homesLog: Int) -> Segment<Key, Value> {
    let segment = withStructure { $0.takeSegment(homesLog: homesLog) }
    segment.prepare(range)
    return segment
  }

  /// Replaces a segment that the caller owns.
  @inlinable
  internal func replace(_ old: Segment<Key, Value>, by range: PositionRange, homesLog: Int) {
    let new = takeSegment(range, homesLog: homesLog)
    old.freeze()
    copy(old, to: new, new)
    exchange([old], for: [new])
  }

  @inlinable
  internal func split(_ old: Segment<Key, Value>, _ range: PositionRange) {
    let lower = takeSegment(range.lowerHalf, homesLog: old.homesLog)
    let upper = takeSegment(range.upperHalf, homesLog: old.homesLog)
    old.freeze()
    copy(old, to: lower, upper)
    exchange([old], for: [lower, upper])
  }

  /// Copies the bits of all entries, and with them their ownership, from a frozen segment to
  /// private ones. `lower` gets what lies before the start of `upper`, if they differ.
  @inlinable
  internal func copy(
    _ old: Segment<Key, Value>, to lower: Segment<Key, Value>, _ upper: Segment<Key, Value>
  ) {
    let middle = lower == upper ? HashParts.positions : upper.range.start
    let shift = HashParts.homeBits - UInt64(lower.homesLog)
    old.forEachEntry { node, slot in
      let hash = HashParts(hasher.hash(node.entry(slot).pointee.key))
      let target = hash.position < middle ? lower : upper
      append(
        to: target, home: Int(truncatingIfNeeded: hash.home &>> shift), tag: hash.tag,
        node.slotBase(slot))
    }
  }

  /// Adds an entry to a private segment in constant time: looks at the home and the first two
  /// nodes of its chain only.
  @inlinable @inline(__always)
  internal func append(
    to segment: Segment<Key, Value>, home index: Int, tag: UInt64, _ bits: UnsafeRawPointer
  ) {
    var node = segment.bucket(index)
    var empty = node.tags.empty(in: SlotSet.homeLanes)
    if _slowPath(empty.isEmpty) {
      node = overflowNode(in: segment, home: node)
      empty = node.tags.empty(in: SlotSet.overflowLanes)
    }
    node.storeWords(empty.first, from: bits)
    node.tags = node.tags.setting(empty.first, to: tag)
  }

  /// A node with an empty slot in the chain of a private segment's full home.
  @inlinable @inline(never)
  internal func overflowNode(in segment: Segment<Key, Value>, home: Bucket) -> Bucket {
    var word = home.bucketWord
    guard word.hasLink else {
      let node = segment.takeNode(first: true).unsafelyUnwrapped
      word.link = segment.link(to: node)
      home.bucketWord = word
      return node
    }
    let first = segment.overflowNode(word.link, homesLog: segment.homesLog)
    if !first.tags.empty(in: SlotSet.overflowLanes).isEmpty { return first }
    if let second = first.next, !second.tags.empty(in: SlotSet.overflowLanes).isEmpty {
      return second
    }
    let node = segment.takeNode(first: false) ?? withStructure { $0.takeSpill() }
    node.next = first.next
    first.next = node
    return node
  }

  /// Puts new segments into the directory in the place of frozen ones.
  @inlinable
  internal func exchange(_ old: [Segment<Key, Value>], for new: [Segment<Key, Value>]) {
    for segment in new { segment.open() }
    withStructure { structure in
      let depth = new.map(\.range.depth).max() ?? 0
      var root = root.load(ordering: .relaxed)
      let oldRoot = root
      let oldDepth = 32 - Int(root & Self.lowBits)
      if depth > oldDepth {
        let shift = depth - oldDepth
        root = structure.makeDirectory(depth: depth) { index in
          Self.slotCell(oldRoot, 0)[index >> shift].load(ordering: .relaxed)
        }
      }
      for segment in new {
        let range = segment.range
        let word = Self.slotWord(segment)
        let first = Self.slotCell(root, range.start)
        for index in 0..<(1 << (32 - Int(root & Self.lowBits) - range.depth)) {
          // Releasing: whoever finds the segment sees it open and filled.
          first[index].store(word, ordering: .releasing)
        }
      }
      if root != oldRoot { self.root.store(root, ordering: .releasing) }
      if new.count > old.count || new.count == old.count && new[0].homes > old[0].homes {
        structure.growths += 1
      } else {
        structure.merges += 1
      }
    }
    TimelineMarks.step("ConcurrentDictionary: \(new.count) segments for \(old.count)")
    for segment in new { segment.disown() }
    discard(old)
  }

  /// Closes segments that are frozen and no longer in the directory.
  @inlinable
  internal func discard(_ old: [Segment<Key, Value>]) {
    for segment in old {
      let spills = spills(of: segment)
      segment.close()
      segment.releaseAreaPages()
      withStructure {
        $0.giveBack(segment)
        $0.freeSpills.append(contentsOf: spills)
      }
    }
  }

  /// The nodes of a frozen segment that lie elsewhere.
  @inlinable
  internal func spills(of segment: Segment<Key, Value>) -> [Bucket] {
    var spills: [Bucket] = []
    for home in 0..<segment.homes {
      segment.forEachNode(of: home) { node, lanes in
        if lanes == SlotSet.overflowLanes && !segment.isInArea(node) { spills.append(node) }
      }
    }
    return spills
  }

  /// The published segment at a position, owned by the caller from now on.
  @inlinable
  internal func own(at position: UInt64) -> Segment<Key, Value> {
    var backoff = Backoff()
    while true {
      let root = root.load(ordering: .acquiring)
      let segment = Self.segment(Self.slotCell(root, position).pointee.load(ordering: .acquiring))
      if segment.tryOwn() {
        let range = segment.range
        if range.start <= position && position < range.end { return segment }
        segment.disown()
      }
      backoff.wait()
    }
  }

  // MARK: By request

  /// How many entries the present buckets hold without overflow.
  ///
  /// - Complexity: O(number of segments), one for 3,000 entries or so.
  public var capacity: Int {
    var homes = 0
    forEachPublishedRange { slotWord, _ in homes += 1 << Self.homesLog(slotWord) }
    return homes * SlotSet(SlotSet.homeLanes).count
  }

  /// The directory as it is at some moment, segment by segment.
  @inlinable
  internal func forEachPublishedRange(_ body: (UInt64, PositionRange) -> Void) {
    var position: UInt64 = 0
    while position < HashParts.positions {
      let root = root.load(ordering: .acquiring)
      let slotWord = Self.slotCell(root, position).pointee.load(ordering: .acquiring)
      let range = Self.segment(slotWord).range
      // Replaced and in use elsewhere by now: look again.
      guard range.start <= position && position < range.end else { continue }
      body(slotWord, PositionRange(start: position, depth: range.depth))
      position = range.end
    }
  }

  /// Makes room for `minimumCapacity` entries in all, so that adding them moves none.
  ///
  /// - Complexity: O(`minimumCapacity`).
  @inlinable
  public func reserveCapacity(_ minimumCapacity: Int) {
    RunningClosure.check(self)
    var position: UInt64 = 0
    while position < HashParts.positions {
      let segment = own(at: position)
      let range = segment.range
      // Seven and a half entries on average per home is when a segment grows.
      let homesWanted = range.share * Double(minimumCapacity) / 6.5
      if Double(segment.homes) >= homesWanted || range.depth >= 30 {
        segment.disown()
        position = range.end
      } else if segment.homesLog < Segment<Key, Value>.maximumHomesLog {
        var log = segment.homesLog
        while log < Segment<Key, Value>.maximumHomesLog && Double(1 << log) < homesWanted {
          log += 1
        }
        replace(segment, by: range, homesLog: log)
      } else {
        split(segment, range)
      }
    }
  }

  /// Gives memory back that the present entries do not need.
  ///
  /// Merges neighbouring segments and returns pages to the system; their addresses stay reserved
  /// until the dictionary is destroyed. Other tasks go on meanwhile, as they do when it grows.
  ///
  /// - Complexity: O(`count` + `capacity`).
  @inlinable
  public func shrink() {
    RunningClosure.check(self)
    keyLimbo?.flush()
    valueLimbo?.flush()
    var merged = true
    while merged {
      merged = false
      var position: UInt64 = 0
      while position < HashParts.positions {
        let lower = own(at: position)
        let range = lower.range
        if range.depth > 0 && range.start == range.parent.start && range.end < HashParts.positions {
          // In the order of positions, as `freeze()` asks.
          let upper = own(at: range.end)
          if upper.range.depth == range.depth
            && lower.entryCount + upper.entryCount <= lower.homes * 4
          {
            let parent = takeSegment(range.parent, homesLog: lower.homesLog)
            lower.freeze()
            upper.freeze()
            copy(lower, to: parent, parent)
            copy(upper, to: parent, parent)
            exchange([lower, upper], for: [parent])
            merged = true
            position = range.parent.end
            continue
          }
          upper.disown()
        }
        if range.depth == 0 {
          // Counting is exact enough without freezing: a segment that is too small grows again.
          var log = lower.homesLog
          let entries = lower.entryCount
          while log > 0 && entries <= (1 << (log - 1)) * 4 { log -= 1 }
          if log < lower.homesLog {
            replace(lower, by: range, homesLog: log)
          } else {
            lower.disown()
          }
        } else {
          lower.disown()
        }
        position = range.end
      }
    }
    withStructure { $0.releasePages() }
  }

  /// Removes all entries, at one moment for all readers and writers.
  ///
  /// - Complexity: O(`count` + `capacity`).
  @inlinable
  public func removeAll() {
    RunningClosure.check(self)
    var old: [Segment<Key, Value>] = []
    var position: UInt64 = 0
    while position < HashParts.positions {
      let segment = own(at: position)
      old.append(segment)
      position = segment.range.end
    }
    // Nobody else can change the directory now: it consists of segments that are ours.
    for segment in old { segment.freeze() }
    let new = takeSegment(.all, homesLog: 0)
    new.open()
    withStructure { structure in
      let root = structure.makeDirectory(depth: 0) { _ in Self.slotWord(new) }
      self.root.store(root, ordering: .releasing)
    }
    new.disown()
    var removed = 0
    var keys: [Key] = []
    var values: [Value] = []
    for segment in old {
      removed += segment.entryCount
      guard !_isPOD(Key.self) || !_isPOD(Value.self) else { continue }
      segment.forEachEntry { node, slot in
        let entry = node.entry(slot).move()
        if !_isPOD(Key.self) { keys.append(entry.key) }
        if !_isPOD(Value.self) { values.append(entry.value) }
      }
    }
    discard(old)
    counter.add(-removed)
    // After closing: from here on no reader that comes can find them.
    for key in keys { retire(key: key) }
    for value in values { retire(value: value) }
  }
}
