/// A figure of a dictionary, for whatever collects figures: a metrics library, a log, a test.
public struct DictionaryGauge: Sendable, Hashable {
  /// What it counts, as a part of a metric's label: `growths`, `reclamation_pending`. The names of
  /// one kind of dictionary are always the same, in the same order.
  public var name: String
  public var value: Double

  internal init(_ name: String, _ value: Int) {
    self.name = name
    self.value = Double(value)
  }
}

extension Collection<DictionaryGauge> {
  /// Shows the figures on the timeline of `tophash trace`, each as a line of its own:
  /// `sessions growths`, for the dictionary `sessions`.
  ///
  /// Without `tophash` around the program nothing happens. May be called from any thread.
  ///
  /// - Complexity: O(number of figures).
  public func trace(_ dictionary: String) {
    for gauge in self { TimelineMarks.figure("\(dictionary) \(gauge.name)", gauge.value) }
  }
}

extension ConcurrentDictionaryStatistics {
  /// All figures, with their names.
  ///
  /// - Complexity: O(1).
  public var gauges: [DictionaryGauge] {
    [
      DictionaryGauge("count", count), DictionaryGauge("buckets", buckets),
      DictionaryGauge("segments", segments), DictionaryGauge("overflow_nodes", overflowNodes),
      DictionaryGauge("growths", growths), DictionaryGauge("merges", merges),
      DictionaryGauge("bytes", bytes),
    ] + reclamation.gauges
  }
}

extension ReclamationStatistics {
  /// All figures, with their names.
  ///
  /// - Complexity: O(1).
  public var gauges: [DictionaryGauge] {
    [
      DictionaryGauge("reclamation_epoch", epoch), DictionaryGauge("reclamation_retired", retired),
      DictionaryGauge("reclamation_freed", freed), DictionaryGauge("reclamation_pending", pending),
      DictionaryGauge("reclamation_pending_bytes", pendingBytes),
      DictionaryGauge("reclamation_oldest_reader", oldestReader),
    ]
  }
}

extension ReadMostlyDictionary.Statistics {
  /// All figures, with their names.
  ///
  /// - Complexity: O(1).
  public var gauges: [DictionaryGauge] {
    [
      DictionaryGauge("count", entries), DictionaryGauge("branches", branches),
      DictionaryGauge("leaves", leaves), DictionaryGauge("depth", depth),
      DictionaryGauge("collisions", collisions), DictionaryGauge("reclamation_pending", pending),
      DictionaryGauge("bytes", bytes),
    ]
  }
}

extension FailFastDictionaryStatistics {
  /// All figures, with their names; those of a growth are 0 when none is going on.
  ///
  /// - Complexity: O(1).
  public var gauges: [DictionaryGauge] {
    [
      DictionaryGauge("count", count), DictionaryGauge("buckets", bucketCount),
      DictionaryGauge("overflow_buckets", overflowBucketCount),
      DictionaryGauge("doublings", doublingCount),
      DictionaryGauge("same_size_growths", sameSizeGrowthCount),
      DictionaryGauge("evacuations", evacuationCount),
      DictionaryGauge("growth_old_buckets", growth?.oldBucketCount ?? 0),
      DictionaryGauge("growth_evacuated", growth?.evacuatedCount ?? 0),
      DictionaryGauge("bytes", byteCount),
    ]
  }
}
