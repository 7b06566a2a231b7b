import Synchronization

/// One change of one key, between locking its bucket and unlocking it.
@usableFromInline @frozen
internal struct Edit<Key, Value> {
  @usableFromInline internal typealias Bucket = Node<Key, Value>

  @usableFromInline internal let segment: Segment<Key, Value>
  @usableFromInline internal let home: Bucket
  @usableFromInline internal let tag: UInt64

  /// What unlocking will write.
  @usableFromInline internal var word: BucketWord

  /// Where the key is or, if `isPresent` is false, a free slot or, if `slot` is negative, none.
  @usableFromInline internal var node: Bucket
  @usableFromInline internal var slot: Int
  @usableFromInline internal var isPresent: Bool

  /// An overflow node that lost its last entry and left the chain.
  @usableFromInline internal var emptied: Bucket? = nil
  @usableFromInline internal var emptiedFirst = false

  @usableFromInline internal var addedNode = false

  @inlinable @inline(__always)
  internal init(
    segment: Segment<Key, Value>, home: Bucket, tag: UInt64, word: BucketWord
  ) {
    self.segment = segment
    self.home = home
    self.tag = tag
    self.word = word
    node = home
    slot = -1
    isPresent = false
  }

  @inlinable @inline(__always)
  internal var lanes: UInt64 {
    node.base == home.base ? SlotSet.homeLanes : SlotSet.overflowLanes
  }

  /// Finds `key`, or a place for it.
  @inlinable @inline(__always)
  internal mutating func locate(_ key: Key) where Key: Equatable {
    let tags = home.tags
    var matches = tags.matches(tag, in: SlotSet.homeLanes)
    while !matches.isEmpty {
      if _fastPath(KeyEquality.isEqual(at: home.key(matches.first), to: key)) {
        slot = matches.first
        isPresent = true
        return
      }
      matches.removeFirst()
    }
    let empty = tags.empty(in: SlotSet.homeLanes)
    if !empty.isEmpty { slot = empty.first }
    if _slowPath(word.hasLink) { locateInChain(key) }
  }

  @inlinable @inline(never)
  internal mutating func locateInChain(_ key: Key) where Key: Equatable {
    var current: Bucket? = segment.overflowNode(word.link, homesLog: segment.homesLog)
    while let candidate = current {
      let tags = candidate.tags
      var matches = tags.matches(tag, in: SlotSet.overflowLanes)
      while !matches.isEmpty {
        if KeyEquality.isEqual(at: candidate.key(matches.first), to: key) {
          node = candidate
          slot = matches.first
          isPresent = true
          return
        }
        matches.removeFirst()
      }
      if slot < 0 {
        let empty = tags.empty(in: SlotSet.overflowLanes)
        if !empty.isEmpty {
          node = candidate
          slot = empty.first
        }
      }
      current = candidate.next
    }
  }

  /// Puts `value` in the place of the present one, which the caller gets, and must keep alive as
  /// long as readers may look at it.
  @inlinable @inline(__always)
  internal mutating func replace(_ value: Value) -> Value {
    if Bucket.replacesValuesAlone { return node.replaceValue(slot, by: value) }
    let old = node.value(slot).move()
    if let valueWord = Bucket.valueWord {
      // The word holds a part of the key, or padding: take that over.
      Bucket.withScratch { scratch in
        node.loadWords(slot, into: scratch)
        Bucket.valuePointer(scratch).initialize(to: value)
        node.storeWord(valueWord, of: slot, from: scratch)
      }
    } else if MemoryLayout<Value>.size > 0 {
      Bucket.withScratch { scratch in
        node.loadWords(slot, into: scratch)
        Bucket.valuePointer(scratch).initialize(to: value)
        let empty = node.tags.empty(in: lanes)
        if !empty.isEmpty {
          // Write the new entry beside the old one, then switch over with one store.
          let target = empty.first
          node.storeWords(target, from: scratch)
          node.tags = node.tags.setting(target, to: tag).setting(slot, to: 0)
        } else {
          // Readers wait, or discard what they read.
          home.bucketWord = word.notLive.locked
          node.storeWords(slot, from: scratch)
        }
      }
      word = word.nextVersion
    }
    return old
  }

  /// Adds the key, which is absent. Never fails.
  @inlinable @inline(__always)
  internal mutating func insert(
    _ entry: NodeEntry<Key, Value>, spill: () -> Bucket
  ) {
    if _slowPath(slot < 0) { addNode(spill: spill) }
    Bucket.withScratch { scratch in
      scratch.initialize(to: entry)
      node.storeWords(slot, from: scratch)
    }
    // Now readers may find it. No version: a slot's words do not change while its tag is zero, save
    // here, and it was vacated under an earlier one.
    node.tags = node.tags.setting(slot, to: tag)
    if addedNode { linkNode() }
  }

  @inlinable @inline(never)
  internal mutating func addNode(spill: () -> Bucket) {
    node = segment.takeNode(first: !word.hasLink) ?? spill()
    slot = 0
    addedNode = true
  }

  /// Later nodes go right behind the first one, so that filling a long chain takes no walk.
  @inlinable @inline(never)
  internal mutating func linkNode() {
    if word.hasLink {
      let first = segment.overflowNode(word.link, homesLog: segment.homesLog)
      node.next = first.next
      first.next = node
    } else {
      word.link = segment.link(to: node)
    }
  }

  /// Removes the key, which is present. The caller must keep the entry alive as long as readers may
  /// look at it.
  @inlinable @inline(__always)
  internal mutating func remove() -> NodeEntry<Key, Value> {
    let entry = node.entry(slot).move()
    node.tags = node.tags.setting(slot, to: 0)
    word = word.nextVersion
    if _slowPath(node.base != home.base) { unlinkIfEmpty() }
    return entry
  }

  /// Only the last node of a chain leaves it: later nodes cannot take the first one's place.
  @inlinable @inline(never)
  internal mutating func unlinkIfEmpty() {
    guard node.tags.bits == 0, node.next == nil else { return }
    var previous = segment.overflowNode(word.link, homesLog: segment.homesLog)
    if previous.base == node.base {
      word.link = 0
      emptiedFirst = true
    } else {
      while let next = previous.next, next.base != node.base { previous = next }
      previous.next = nil
    }
    emptied = node
  }

  /// Ends the change.
  @inlinable @inline(__always)
  internal func unlock() {
    // Releasing: whoever locks next, or sees this version, sees all that was written.
    home.bucketWord = word
  }
}

extension Node {
  /// Whether a value is a word of its own.
  @inlinable @inline(__always)
  internal static var replacesValuesAlone: Bool {
    MemoryLayout<Value>.size == 8 && valueOffset & 7 == 0
  }

  /// Puts a value that is a word of its own in the place of the present one. A reader gets the old
  /// one or the new one; no version tells them apart, and none needs to.
  @inlinable @inline(__always)
  internal func replaceValue(_ slot: Int, by value: Value) -> Value {
    let old = self.value(slot).move()
    Self.withScratch { scratch in
      Self.valuePointer(scratch).initialize(to: value)
      storeWord(Self.valueOffset &>> 3, of: slot, from: scratch)
    }
    return old
  }

  /// The key of an entry lies at its start.
  @inlinable @inline(__always)
  internal static func keyPointer(
    _ entry: UnsafeMutablePointer<NodeEntry<Key, Value>>
  ) -> UnsafePointer<Key> {
    UnsafeRawPointer(entry).assumingMemoryBound(to: Key.self)
  }

  @inlinable @inline(__always)
  internal static func valuePointer(
    _ entry: UnsafeMutablePointer<NodeEntry<Key, Value>>
  ) -> UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(entry) + valueOffset).assumingMemoryBound(to: Value.self)
  }
}

extension Node: Equatable {
  @inlinable
  internal static func == (a: Node, b: Node) -> Bool { a.base == b.base }
}
