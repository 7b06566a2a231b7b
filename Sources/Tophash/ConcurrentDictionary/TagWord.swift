/// The tags of a node's slots, one byte each; zero where the slot is empty.
@usableFromInline @frozen
internal struct TagWord {
  @usableFromInline internal var bits: UInt64

  @inlinable @inline(__always)
  internal init(_ bits: UInt64) {
    self.bits = bits
  }

  @inlinable static var ones: UInt64 { 0x0101_0101_0101_0101 }

  /// The slots whose tag is `tag`, none left out. Above a true match, an occupied slot whose tag
  /// differs in the last bit may be named in error; keys are compared anyway.
  @inlinable @inline(__always)
  internal func matches(_ tag: UInt64, in lanes: UInt64) -> SlotSet {
    let difference = bits ^ (tag &* Self.ones)
    return SlotSet((difference &- Self.ones) & ~difference & lanes)
  }

  /// The empty slots. The first one is exact.
  @inlinable @inline(__always)
  internal func empty(in lanes: UInt64) -> SlotSet {
    SlotSet((bits &- Self.ones) & ~bits & lanes)
  }

  /// The occupied slots.
  @inlinable @inline(__always)
  internal func occupied(in lanes: UInt64) -> SlotSet {
    // A byte is non-zero when its high bit is set, or gets set by adding 127 to the rest.
    let low = (bits & ~(Self.ones &<< 7)) &+ (~(Self.ones &<< 7))
    return SlotSet((low | bits) & lanes)
  }

  @inlinable @inline(__always)
  internal func setting(_ slot: Int, to tag: UInt64) -> TagWord {
    let shift = UInt64(truncatingIfNeeded: slot &* 8)
    return TagWord(bits & ~(0xFF &<< shift) | tag &<< shift)
  }

  @inlinable @inline(__always)
  internal func tag(_ slot: Int) -> UInt64 {
    (bits &>> UInt64(truncatingIfNeeded: slot &* 8)) & 0xFF
  }
}

/// Some slots of a node: the high bit of each one's byte.
@usableFromInline @frozen
internal struct SlotSet {
  @usableFromInline internal var bits: UInt64

  @inlinable @inline(__always)
  internal init(_ bits: UInt64) {
    self.bits = bits
  }

  @inlinable @inline(__always)
  internal var isEmpty: Bool { bits == 0 }

  @inlinable @inline(__always)
  internal var first: Int { bits.trailingZeroBitCount &>> 3 }

  @inlinable @inline(__always)
  internal mutating func removeFirst() { bits &= bits &- 1 }

  @inlinable internal var count: Int { bits.nonzeroBitCount }

  /// The seven slots of a home bucket.
  @inlinable internal static var homeLanes: UInt64 { 0x0080_8080_8080_8080 }

  /// The three slots of an overflow node.
  @inlinable internal static var overflowLanes: UInt64 { 0x0000_0000_0080_8080 }
}
