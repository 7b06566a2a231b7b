import Synchronization

extension ConcurrentDictionary {
  /// The number of entries: of the changes that overlap the call, it counts some.
  ///
  /// - Complexity: O(number of processors).
  @inlinable
  public var count: Int { Swift.max(0, counter.sum) }

  /// Whether there are no entries, as far as `count` can tell.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// How the table is built just now, for the curious and for monitoring.
  ///
  /// - Complexity: O(`count`). Other tasks go on meanwhile.
  public var statistics: ConcurrentDictionaryStatistics {
    var result = ConcurrentDictionaryStatistics()
    result.count = count
    forEachPublishedRange { slotWord, _ in
      let segment = Self.segment(slotWord)
      result.segments += 1
      result.buckets += segment.homes
      let nodes = segment.header.pointee.overflowCount.load(ordering: .relaxed)
      result.overflowNodes += nodes
      result.bytes +=
        Segment<Key, Value>.areaOffset(homesLog: segment.homesLog) + nodes * Bucket.overflowSize
    }
    result.directorySlots = 1 << (32 - Int(root.load(ordering: .acquiring) & Self.lowBits))
    result.bytes += 8 * result.directorySlots
    withStructure {
      result.growths = $0.growths
      result.merges = $0.merges
    }
    for limbo in [keyLimbo?.statistics, valueLimbo?.statistics].compactMap({ $0 }) {
      result.reclamation.epoch = limbo.epoch
      result.reclamation.retired += limbo.retired
      result.reclamation.freed += limbo.freed
      result.reclamation.pendingBytes += limbo.pendingBytes
      result.reclamation.oldestReader = Swift.max(
        result.reclamation.oldestReader, limbo.oldestReader)
    }
    return result
  }
}

/// What `ConcurrentDictionary.statistics` tells.
public struct ConcurrentDictionaryStatistics: Sendable, Hashable {
  /// Entries.
  public internal(set) var count = 0
  /// Parts of the table that grow on their own.
  public internal(set) var segments = 0
  /// Home buckets, of seven slots each.
  public internal(set) var buckets = 0
  /// Nodes of three more slots, of buckets that ran over.
  public internal(set) var overflowNodes = 0
  /// Slots of the directory that leads to the segments.
  public internal(set) var directorySlots = 0
  /// How often a segment was replaced by a larger one or by two.
  public internal(set) var growths = 0
  /// How often segments were replaced by fewer or smaller ones.
  public internal(set) var merges = 0
  /// Memory in use by buckets, overflow nodes and directory, in bytes.
  public internal(set) var bytes = 0
  /// Keys and values replaced or removed; all zero where these need no release.
  public internal(set) var reclamation = ReclamationStatistics(epoch: 0, retired: 0, freed: 0)
}
