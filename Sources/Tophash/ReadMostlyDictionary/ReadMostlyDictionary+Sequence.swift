/// Iteration, Go's `Range`.
///
/// Never fails and waits for nobody, whatever other tasks or the loop's own body do meanwhile:
///
/// - no key comes twice;
/// - a key that is there from beginning to end comes, with a value that it has had in between;
/// - a key that is inserted or removed meanwhile may come or not.
///
/// It is no snapshot: two entries may be from different moments. Take a `Mutex` and a `Dictionary`
/// where that matters.
extension ReadMostlyDictionary: Sequence {
  public typealias Element = (key: Key, value: Value)

  /// Goes through the entries in the order of their hashes, some at a time.
  ///
  /// Between two portions it remembers only the hash to go on from, so it holds nothing back, and
  /// may be kept or dropped at will. That order is also why no key comes twice.
  public struct Iterator: IteratorProtocol {
    @usableFromInline let dictionary: ReadMostlyDictionary
    /// The least hash that has not been looked for; nil when there is none.
    @usableFromInline var lowerBound: UInt64? = 0
    @usableFromInline var portion: [Element] = []
    @usableFromInline var position = 0

    @inlinable
    init(_ dictionary: ReadMostlyDictionary) { self.dictionary = dictionary }

    @inlinable
    public mutating func next() -> Element? {
      if position == portion.count {
        guard let bound = lowerBound else { return nil }
        portion.removeAll(keepingCapacity: true)
        position = 0
        lowerBound = dictionary.collect(from: bound, into: &portion)
        if portion.isEmpty { return nil }
      }
      defer { position += 1 }
      return portion[position]
    }
  }

  @inlinable
  public __consuming func makeIterator() -> Iterator { Iterator(self) }

  /// Entries that an iterator takes at a time, and a few more, for it takes whole leaves.
  @inlinable static var portionSize: Int { 64 }

  /// Appends entries in the order of their leaves, those with a hash of at least `lowerBound`.
  ///
  /// - Returns: the hash to go on from; nil when all have been looked at.
  @inlinable
  func collect(from lowerBound: UInt64, into portion: inout [Element]) -> UInt64? {
    pinned {
      var last: UInt64 = .max
      let isComplete = tree.root.forEachLeaf(from: lowerBound) { (leaf: Leaf, upperBound) in
        // A leaf may begin before the bound. What lies there was looked at.
        for index in 0..<leaf.count where leaf.hashes[index] >= lowerBound {
          portion.append((leaf.entries[index].key, leaf.entries[index].value))
        }
        last = upperBound
        return portion.count < Self.portionSize
      }
      return isComplete || last == .max ? nil : last &+ 1
    }
  }
}

extension TrieBranch {
  /// Calls `body` with each leaf that may have hashes from `lowerBound` on, and with the greatest hash
  /// that belongs there, in the order of hashes, until it returns false.
  ///
  /// - Returns: whether `body` never did.
  @inlinable
  func forEachLeaf<Key, Value>(
    from lowerBound: UInt64, shift: UInt64 = rootShift,
    _ body: (TrieLeaf<Key, Value>, UInt64) -> Bool
  ) -> Bool {
    var bound = lowerBound
    for index in Self.index(of: bound, shift: shift)..<Self.slotCount {
      let content = content(index)
      if let child = content.branch {
        let isComplete = child.forEachLeaf(from: bound, shift: shift &- Self.bits, body)
        guard isComplete else { return false }
      } else if let leaf = content.leaf(of: TrieLeaf<Key, Value>.self) {
        guard body(leaf, bound | (1 &<< shift &- 1)) else { return false }
      }
      // On to the first hash of the next slot; it does not exist after the last.
      bound = (bound | (1 &<< shift &- 1)) &+ 1
    }
    return true
  }
}
