/// A home bucket's lock, state, version, and the link to its overflow chain, in one word.
///
/// ```
/// 63                              18 17              2   1       0
/// │ version                          │ link            │ live  │ locked │
/// ```
///
/// - *locked*: a writer is in the bucket. Readers do not care.
/// - *live*: the bucket may be read. Not set while its segment is out of use, and for the moments
///   in which something is overwritten in place. A page of zeros is not live.
/// - *link*: the first overflow node, counted from 1, in the segment's area; 0 when there is none.
/// - *version*: goes up, before the lock is released, whenever a slot was vacated or overwritten.
///   It never goes down, whatever happens to the segment: 2^46 changes of one bucket during one
///   lookup would go unnoticed.
@usableFromInline @frozen
internal struct BucketWord: Equatable {
  @usableFromInline internal var bits: UInt64

  @inlinable @inline(__always)
  internal init(_ bits: UInt64) {
    self.bits = bits
  }

  @inlinable static var lockedBit: UInt64 { 1 }
  @inlinable static var liveBit: UInt64 { 2 }
  @inlinable static var linkMask: UInt64 { 0xFFFF &<< 2 }
  @inlinable static var versionUnit: UInt64 { 1 &<< 18 }

  @inlinable @inline(__always)
  internal var isLocked: Bool { bits & Self.lockedBit != 0 }

  @inlinable @inline(__always)
  internal var isLive: Bool { bits & Self.liveBit != 0 }

  @inlinable @inline(__always)
  internal var hasLink: Bool { bits & Self.linkMask != 0 }

  @inlinable @inline(__always)
  internal var link: Int {
    get { Int(truncatingIfNeeded: (bits & Self.linkMask) &>> 2) }
    set { bits = bits & ~Self.linkMask | UInt64(truncatingIfNeeded: newValue) &<< 2 }
  }

  @inlinable internal var locked: BucketWord { BucketWord(bits | Self.lockedBit) }
  @inlinable internal var unlocked: BucketWord { BucketWord(bits & ~Self.lockedBit) }
  @inlinable internal var live: BucketWord { BucketWord(bits | Self.liveBit) }
  @inlinable internal var notLive: BucketWord { BucketWord(bits & ~Self.liveBit) }
  @inlinable internal var nextVersion: BucketWord { BucketWord(bits &+ Self.versionUnit) }

  /// The version alone: not live, not locked, no link.
  @inlinable internal var versionOnly: BucketWord { BucketWord(bits & ~(Self.versionUnit &- 1)) }

  /// Whether what was read between the two is what was there.
  @inlinable @inline(__always)
  internal func isSame(as later: BucketWord) -> Bool {
    (bits ^ later.bits) & ~Self.lockedBit == 0
  }
}
