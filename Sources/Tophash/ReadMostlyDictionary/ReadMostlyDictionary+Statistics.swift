extension ReadMostlyDictionary {
  /// The shape of a dictionary, and what waits to be destroyed.
  public struct Statistics: Sendable, Hashable {
    /// Keys with a value.
    public var entries = 0
    /// Nodes of sixteen children, with the root.
    public var branches = 1
    /// Nodes on the longest way from the root to an entry.
    public var depth = 1
    /// Entries whose hash another entry has, too, in all 64 bits.
    public var collisions = 0
    /// Replaced or removed entries and nodes that are kept for readers who may still look at them.
    public var pending = 0
    /// Bytes of the nodes and entries in use, without what keys and values refer to.
    public var bytes = 0
  }

  /// Looks at the whole structure. While others change it, the figures are of different moments.
  ///
  /// - Complexity: O(*n*).
  public var statistics: Statistics {
    pinned {
      var statistics = Statistics()
      count(tree.root, depth: 1, in: &statistics)
      statistics.pending = limbo.pendingCount
      statistics.bytes =
        statistics.branches * TrieBranch.size
        + statistics.entries * MemoryLayout<Chain.Entry>.stride
      return statistics
    }
  }

  private func count(_ branch: TrieBranch, depth: Int, in statistics: inout Statistics) {
    statistics.depth = Swift.max(statistics.depth, depth)
    for index in 0..<TrieBranch.slotCount {
      let content = branch.content(index)
      if let child = content.branch {
        statistics.branches += 1
        count(child, depth: depth + 1, in: &statistics)
      } else {
        var length = 0
        (content.chain() as Chain).forEach(upTo: nil) { _ in length += 1 }
        statistics.entries += length
        if length > 1 { statistics.collisions += length }
      }
    }
  }
}

extension ReadMostlyDictionary: ExpressibleByDictionaryLiteral {
  /// A dictionary with these keys and values; of equal keys, the last one's value.
  @inlinable
  public convenience init(dictionaryLiteral elements: (Key, Value)...) {
    self.init(elements.lazy.map { (key: $0.0, value: $0.1) })
  }
}
