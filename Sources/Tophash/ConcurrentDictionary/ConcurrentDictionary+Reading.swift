import Synchronization

extension ConcurrentDictionary {
  /// The value for `key`, or `nil` if there is none.
  ///
  /// Sees every change that happened before the call, and may see those that overlap it.
  ///
  /// - Complexity: O(1) expected.
  /// - Note: Takes no lock, allocates nothing.
  @inlinable
  public subscript(key: Key) -> Value? {
    @inline(__always)
    get {
      let hash = HashParts(hasher.hash(key))
      if _isPOD(Key.self) && _isPOD(Value.self) { return search(key, hash) }
      // What is copied out of the table stays alive until it has been compared and retained:
      // whoever replaces it hands it to a limbo, which waits for this pin.
      let pin = domain.pin()
      defer { domain.unpin(pin) }
      return search(key, hash)
    }
  }

  /// Whether there is a value for `key`.
  ///
  /// - Complexity: O(1) expected.
  @inlinable
  public func contains(_ key: Key) -> Bool {
    self[key] != nil
  }

  /// Optimistic: looks, and looks whether anything changed meanwhile.
  ///
  /// *Found* is right if the bucket's word is the same after reading the entry as before reading
  /// its tag: then the entry was in this slot, whole, in between. It does not matter how the bucket
  /// was found or whether its segment is about to be replaced: a key is in a live bucket if and
  /// only if it is in the dictionary, save for the moments in which a segment is replaced, when it
  /// is in two, frozen and equal.
  ///
  /// *Absent* is right if, moreover, the directory still led to this bucket at some moment between
  /// the two looks at the word: then it was the key's home at that moment.
  @inlinable @inline(__always)
  internal func search(_ key: Key, _ hash: HashParts) -> Value? {
    // Most keys are in their home bucket, at the first slot with their tag. What needs more is left
    // to `searchChain`, which starts again: this way, all that is needed here stays in registers.
    let root = self.root.load(ordering: .acquiring)
    let slotCell = Self.slotCell(root, hash.position)
    let slotWord = slotCell.pointee.load(ordering: .acquiring)
    let home = Self.homeBucket(slotWord, home: hash.home)
    let word = home.bucketWord
    guard _fastPath(word.isLive) else { return searchChain(key, hash) }
    let matches = home.tags.matches(hash.tag, in: SlotSet.homeLanes)
    if !matches.isEmpty {
      let found: Value?? = Bucket.withScratch { scratch in
        home.loadWords(matches.first, into: scratch)
        // Before the bits are taken for a key: they may not belong together.
        guard _fastPath(word.isSame(as: home.bucketWord)),
          _fastPath(KeyEquality.isEqual(at: Bucket.keyPointer(scratch), to: key))
        else { return nil }
        return .some(scratch.pointee.value)
      }
      if let found { return found }
    } else if !word.hasLink,
      _fastPath(
        slotCell.pointee.load(ordering: .acquiring) == slotWord
          && self.root.load(ordering: .acquiring) == root && word.isSame(as: home.bucketWord))
    {
      return nil
    }
    return searchChain(key, hash)
  }

  /// The same in full.
  @inlinable @inline(never)
  internal func searchChain(_ key: Key, _ hash: HashParts) -> Value? {
    Bucket.withScratch { scratch in
      var backoff = Backoff()
      restart: while true {
        // Acquiring, all of them: what is pointed to was written before.
        let root = self.root.load(ordering: .acquiring)
        let slotCell = Self.slotCell(root, hash.position)
        let slotWord = slotCell.pointee.load(ordering: .acquiring)
        let home = Self.homeBucket(slotWord, home: hash.home)
        let word = home.bucketWord
        if !word.isLive {
          backoff.wait()
          continue restart
        }
        var node = home
        var lanes = SlotSet.homeLanes
        chain: while true {
          var matches = node.tags.matches(hash.tag, in: lanes)
          while !matches.isEmpty {
            node.loadWords(matches.first, into: scratch)
            guard word.isSame(as: home.bucketWord) else { continue restart }
            if KeyEquality.isEqual(at: Bucket.keyPointer(scratch), to: key) {
              return scratch.pointee.value
            }
            matches.removeFirst()
          }
          if node.base == home.base {
            guard word.hasLink else { break chain }
            node = Self.segment(slotWord)
              .overflowNode(word.link, homesLog: Self.homesLog(slotWord))
            lanes = SlotSet.overflowLanes
          } else {
            guard let next = node.next else { break chain }
            // A node that is in another chain by now must not lead us round in circles.
            guard word.isSame(as: home.bucketWord) else { continue restart }
            node = next
          }
        }
        guard
          _fastPath(
            slotCell.pointee.load(ordering: .acquiring) == slotWord
              && self.root.load(ordering: .acquiring) == root
              && word.isSame(as: home.bucketWord))
        else { continue restart }
        return nil
      }
    }
  }
}
