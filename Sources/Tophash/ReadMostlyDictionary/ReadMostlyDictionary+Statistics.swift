extension ReadMostlyDictionary {
  /// The shape of a dictionary, and what waits to be destroyed.
  public struct Statistics: Sendable, Hashable {
    /// Keys with a value.
    public var entries = 0
    /// Nodes of sixteen children, with the root.
    public var branches = 1
    /// Nodes that hold entries.
    public var leaves = 0
    /// Branches on the longest way from the root to an entry.
    public var depth = 1
    /// Entries whose hash another entry has, too, in all 64 bits.
    public var collisions = 0
    /// Replaced or removed nodes that are kept for readers who may still look at them.
    public var pending = 0
    /// Bytes of the nodes in use, without what keys and values refer to.
    public var bytes = TrieBranch.size
  }

  /// Looks at the whole structure. While others change it, the figures are of different moments.
  ///
  /// - Complexity: O(*n*).
  public var statistics: Statistics {
    pinned {
      var statistics = Statistics()
      count(tree.root, depth: 1, in: &statistics)
      statistics.pending = limbo.pendingCount
      return statistics
    }
  }

  private func count(_ branch: TrieBranch, depth: Int, in statistics: inout Statistics) {
    statistics.depth = Swift.max(statistics.depth, depth)
    for index in 0..<TrieBranch.slotCount {
      let content = branch.content(index)
      if let child = content.branch {
        statistics.branches += 1
        statistics.bytes += TrieBranch.size
        count(child, depth: depth + 1, in: &statistics)
      } else if let leaf = content.leaf(of: Leaf.self) {
        statistics.leaves += 1
        statistics.entries += leaf.count
        statistics.bytes +=
          Leaf.entriesOffset(leaf.count) + leaf.count * MemoryLayout<Leaf.Entry>.stride
        for one in 0..<leaf.count {
          let hasTwin = (0..<leaf.count).contains {
            $0 != one && leaf.hashes[$0] == leaf.hashes[one]
          }
          if hasTwin { statistics.collisions += 1 }
        }
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
