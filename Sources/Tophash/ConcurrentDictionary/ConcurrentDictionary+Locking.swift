import Synchronization

extension ConcurrentDictionary {
  /// Locks the bucket of `key` and finds the key in it.
  @inlinable @inline(__always)
  internal func beginEdit(_ key: Key) -> Edit<Key, Value> {
    if _slowPath(RunningClosure.isAny) { RunningClosure.check(self) }
    let hash = HashParts(hasher.hash(key))
    let (slotWord, home, word) = lockHome(hash)
    return beginEdit(key, hash, slotWord, home, word)
  }

  @inlinable @inline(__always)
  internal func beginEdit(
    _ key: Key, _ hash: HashParts, _ slotWord: UInt64, _ home: Bucket, _ word: BucketWord
  ) -> Edit<Key, Value> {
    var edit = Edit(segment: Self.segment(slotWord), home: home, tag: hash.tag, word: word)
    edit.locate(key)
    return edit
  }

  /// Locks the home bucket of a key.
  ///
  /// - Returns: What the directory says, the bucket, and its word without the lock.
  @inlinable @inline(__always)
  internal func lockHome(
    _ hash: HashParts
  ) -> (slotWord: UInt64, home: Bucket, word: BucketWord) {
    var backoff = Backoff()
    while true {
      let root = self.root.load(ordering: .acquiring)
      let slotCell = Self.slotCell(root, hash.position)
      let slotWord = slotCell.pointee.load(ordering: .acquiring)
      let home = Self.homeBucket(slotWord, home: hash.home)
      let word = home.bucketWord
      // Acquiring: sees what the last writer wrote; pairs with `Edit.unlock()`.
      if _fastPath(word.isLive && !word.isLocked),
        _fastPath(
          home.wordCell.pointee.compareExchange(
            expected: word.bits, desired: word.locked.bits, ordering: .acquiring
          ).exchanged)
      {
        // The segment may have been replaced, and may even be in use for other keys. Now that its
        // bucket is locked, it cannot be replaced any more.
        if _fastPath(
          slotCell.pointee.load(ordering: .acquiring) == slotWord
            && self.root.load(ordering: .acquiring) == root)
        {
          return (slotWord, home, word)
        }
        home.bucketWord = word
      }
      backoff.wait()
    }
  }

  /// Adds the key, which was found absent.
  @inlinable @inline(__always)
  internal func insert(_ key: Key, _ value: Value, _ edit: inout Edit<Key, Value>) {
    edit.insert(NodeEntry(key: key, value: value)) { withStructure { $0.takeSpill() } }
  }

  /// Unlocks, and does what is due afterwards.
  @inlinable @inline(__always)
  internal func end(_ edit: Edit<Key, Value>) {
    if let node = edit.emptied { recycle(node, edit) }
    edit.unlock()
    if _slowPath(edit.addedNode) {
      let header = edit.segment.header
      // Relaxed: a hint.
      if header.pointee.overflowCount.load(ordering: .relaxed)
        >= header.pointee.growAt.load(ordering: .relaxed)
      {
        grow(edit.segment)
      }
    }
  }

  /// Gives back a node that has left its chain, while the bucket is locked: after unlocking, its
  /// segment may be replaced and be filled anew, and the node be in use there.
  @inlinable @inline(never)
  internal func recycle(_ node: Bucket, _ edit: Edit<Key, Value>) {
    // The later version first, for readers that take the node for part of this chain.
    edit.home.bucketWord = edit.word.locked
    if edit.segment.isInArea(node) {
      edit.segment.giveBack(node, first: edit.emptiedFirst)
    } else {
      edit.segment.header.pointee.overflowCount.wrappingSubtract(1, ordering: .relaxed)
      withStructure { $0.freeSpills.append(node) }
    }
  }

  @inlinable @inline(__always)
  internal func retire(key: Key) {
    if !_isPOD(Key.self) { keyLimbo.unsafelyUnwrapped.retire(key) }
  }

  @inlinable @inline(__always)
  internal func retire(value: Value) {
    if !_isPOD(Value.self) { valueLimbo.unsafelyUnwrapped.retire(value) }
  }
}
