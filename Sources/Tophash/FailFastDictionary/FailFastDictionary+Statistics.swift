/// What a `FailFastDictionary` is made of at one moment, and what it went through.
public struct FailFastDictionaryStatistics: Sendable, Equatable {
  public var count: Int
  /// The number of buckets is two to this power; Go's `B`.
  public var bucketExponent: Int
  public var bucketCount: Int
  /// Overflow buckets that chains of the current array have, or had.
  public var overflowBucketCount: Int
  /// The number of entries that fit without growing.
  public var capacity: Int
  /// The bytes of all buckets, old ones included.
  public var byteCount: Int

  /// How far growing has come; nil when it is not growing.
  public var growth: Growth?

  public struct Growth: Sendable, Equatable {
    /// Whether the new array is no larger: its chains were sparse.
    public var isSameSize: Bool
    public var oldBucketCount: Int
    /// The old buckets that were evacuated.
    public var evacuatedCount: Int
  }

  /// How often the array doubled, and how often it was only packed.
  public var doublingCount: Int
  public var sameSizeGrowthCount: Int
  /// The old buckets that were evacuated, ever.
  public var evacuationCount: Int
}

extension FailFastDictionary {
  /// What the dictionary is made of.
  ///
  /// - Complexity: O(1)
  public var statistics: FailFastDictionaryStatistics {
    let seen = beginRead(.count)
    defer { if let seen { endRead(seen, .count) } }
    return FailFastDictionaryStatistics(
      count: storedCount,
      bucketExponent: currentArray?.exponent ?? 0,
      bucketCount: currentArray?.bucketCount ?? 0,
      overflowBucketCount: currentArray?.overflowCount ?? 0,
      capacity: capacity,
      byteCount: [currentArray, oldArray, drainedArray].reduce(0) { $0 + ($1?.byteCount ?? 0) },
      growth: old.map {
        .init(
          isSameSize: $0.mask == current.mask, oldBucketCount: $0.mask + 1,
          evacuatedCount: evacuatedCount)
      },
      doublingCount: doublingCount,
      sameSizeGrowthCount: sameSizeGrowthCount,
      evacuationCount: evacuationCount)
  }

  /// The buckets as text, for looking at what is going on.
  ///
  /// A line per bucket, a column per cell: a fingerprint in hexadecimal, `.` for
  /// empty with nothing after it, `-` for empty, `<` and `>` for evacuated to the
  /// lower and the upper half, `=` for evacuated with a copy left, `x` for
  /// evacuated with nothing left. `+` begins an overflow bucket.
  public func dump() -> String {
    guard let seen = beginRead(.iterate) else { return "" }
    defer { endRead(seen, .iterate) }
    var text = "\(storedCount) entries, 2^\(currentArray?.exponent ?? 0) buckets\n"
    guard let currentArray else { return text }
    text += Self.dump(currentArray)
    if let oldArray {
      text += "growing out of 2^\(oldArray.exponent) buckets, \(evacuatedCount) evacuated\n"
      text += Self.dump(oldArray)
    }
    return text
  }

  private static func dump(_ array: BucketArray<Key, Value>) -> String {
    var text = ""
    if array.releasedCount > 0 { text += "0..<\(array.releasedCount) given back\n" }
    for index in array.releasedCount..<array.bucketCount {
      text += "\(index):"
      var next: Bucket<Key, Value>? = array.view[index]
      while let bucket = next {
        for cell in 0..<8 { text += " " + dump(bucket.controls[cell]) }
        next = bucket.overflow
        if next != nil { text += " +" }
      }
      text += "\n"
    }
    return text
  }

  private static func dump(_ control: UInt8) -> String {
    switch control {
    case ControlByte.emptyRest: "."
    case ControlByte.emptyOne: "-"
    case ControlByte.evacuatedLow: "<"
    case ControlByte.evacuatedHigh: ">"
    case ControlByte.evacuatedEmpty: "x"
    case ControlByte.evacuatedCopy: "="
    default: (control < 16 ? "0" : "") + String(control, radix: 16)
    }
  }
}
