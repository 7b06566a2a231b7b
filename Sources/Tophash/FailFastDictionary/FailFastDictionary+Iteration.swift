extension FailFastDictionary: Sequence {
  public typealias Element = (key: Key, value: Value)

  /// Walks the buckets once round from a random one, and the cells of every
  /// bucket from the same random one.
  ///
  /// It holds the arrays it walks. What it finds there is still current, or was
  /// evacuated: then the key that was left behind is looked up again.
  public struct Iterator: IteratorProtocol {
    @usableFromInline let dictionary: FailFastDictionary
    /// The current array when the iteration began, and the one it grew out of.
    @usableFromInline let array: BucketArray<Key, Value>?
    @usableFromInline let oldArray: BucketArray<Key, Value>?
    @usableFromInline let view: BucketView<Key, Value>
    @usableFromInline let start: Int
    @usableFromInline let offset: Int

    /// How many buckets were begun.
    @usableFromInline var begun = 0
    @usableFromInline var bucket: Bucket<Key, Value>?
    /// How many cells of the bucket were passed.
    @usableFromInline var passed = 0
    /// While in an old bucket that will be split: take only what goes to this one.
    @usableFromInline var onlyIndex: Int?

    @inlinable
    init(_ dictionary: FailFastDictionary) {
      self.dictionary = dictionary
      array = dictionary.currentArray
      oldArray = dictionary.oldArray
      view = dictionary.current
      let random = SharedRandomSource.next()
      start = Int(truncatingIfNeeded: random >> 3) & view.mask
      offset = Int(truncatingIfNeeded: random) & 7
    }

    @inlinable
    public mutating func next() -> Element? {
      guard let seen = dictionary.beginRead(.iterate) else { return nil }
      let element = step()
      dictionary.endRead(seen, .iterate)
      return element
    }

    @inlinable
    mutating func step() -> Element? {
      while true {
        if let bucket {
          // The control bytes are read anew each time: the entry may have gone.
          while passed < 8 {
            let rest = bucket.controls.rotated(to: offset).dropping(first: passed).used
            guard !rest.isEmpty else { break }
            passed = rest.first &+ 1
            let index = (rest.first &+ offset) & 7
            if let element = element(of: Cell(bucket: bucket, index: index)) { return element }
          }
          passed = 0
          self.bucket = bucket.overflow
        } else {
          guard begun <= view.mask, array != nil else { return nil }
          enterBucket((start + begun) & view.mask)
          begun += 1
        }
      }
    }

    /// Begins the bucket at `index`, or the old one that its entries are still in.
    @inlinable
    mutating func enterBucket(_ index: Int) {
      bucket = view[index]
      onlyIndex = nil
      if let old = dictionary.old, dictionary.current.heads == view.heads {
        let oldIndex = index & old.mask
        if oldIndex >= dictionary.evacuatedCount {
          bucket = old[oldIndex]
          if old.mask != view.mask { onlyIndex = index }
        }
      }
    }

    @inlinable @inline(__always)
    func element(of cell: Cell<Key, Value>) -> Element? {
      let control = cell.control
      guard control != ControlByte.evacuatedEmpty else { return nil }
      if let onlyIndex {
        // The rest of the old bucket has its turn elsewhere.
        let hash = dictionary.hash(of: cell.entry.pointee.key)
        guard view.index(of: hash) == onlyIndex else { return nil }
      }
      if _slowPath(control <= ControlByte.evacuatedHigh) {
        guard let current = dictionary.find(cell.entry.pointee.key) else { return nil }
        return (current.entry.pointee.key, current.entry.pointee.value)
      }
      return (cell.entry.pointee.key, cell.entry.pointee.value)
    }
  }

  /// An iterator that starts anywhere. The dictionary may be changed while it is in use.
  @inlinable
  public func makeIterator() -> Iterator { Iterator(self) }

  @inlinable
  public var underestimatedCount: Int { 0 }
}

extension FailFastDictionary {
  /// All entries as they are now, without a look at the access word.
  @inlinable
  func entries() -> [Element] {
    var entries: [Element] = []
    entries.reserveCapacity(storedCount)
    var iterator = makeIterator()
    while let element = iterator.step() { entries.append(element) }
    return entries
  }
}

extension FailFastDictionary {
  /// The keys, in the order of an iteration.
  public struct Keys: Sequence {
    @usableFromInline let dictionary: FailFastDictionary

    @inlinable
    init(_ dictionary: FailFastDictionary) { self.dictionary = dictionary }

    public struct Iterator: IteratorProtocol {
      @usableFromInline var base: FailFastDictionary.Iterator

      @inlinable
      init(_ base: FailFastDictionary.Iterator) { self.base = base }

      @inlinable
      public mutating func next() -> Key? { base.next()?.key }
    }

    @inlinable
    public func makeIterator() -> Iterator { Iterator(dictionary.makeIterator()) }

    @inlinable
    public var count: Int { dictionary.count }

    /// - Complexity: O(1) expected, unlike a search of another sequence
    @inlinable
    public func _customContainsEquatableElement(_ key: Key) -> Bool? { dictionary.contains(key) }
  }

  /// The values, in the order of an iteration.
  public struct Values: Sequence {
    @usableFromInline let dictionary: FailFastDictionary

    @inlinable
    init(_ dictionary: FailFastDictionary) { self.dictionary = dictionary }

    public struct Iterator: IteratorProtocol {
      @usableFromInline var base: FailFastDictionary.Iterator

      @inlinable
      init(_ base: FailFastDictionary.Iterator) { self.base = base }

      @inlinable
      public mutating func next() -> Value? { base.next()?.value }
    }

    @inlinable
    public func makeIterator() -> Iterator { Iterator(dictionary.makeIterator()) }

    @inlinable
    public var count: Int { dictionary.count }
  }

  /// A live view of the keys.
  @inlinable
  public var keys: Keys { Keys(self) }

  /// A live view of the values.
  @inlinable
  public var values: Values { Values(self) }
}
