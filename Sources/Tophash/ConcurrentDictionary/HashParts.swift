/// Which part of a key's hash chooses what.
///
/// ```
/// 63             32 31     24 23    16 15                0
/// │ position        │ unused  │ tag    │ home             │
/// ```
@usableFromInline @frozen
internal struct HashParts {
  @usableFromInline internal let bits: UInt64

  @inlinable @inline(__always)
  internal init(_ bits: UInt64) {
    self.bits = bits
  }

  /// Where the key lies on the line of 2^32 positions that the segments share among them.
  ///
  /// Keys lie twice as densely at the start of the line as at its end. Segments of equal length
  /// therefore fill up, and are split, one after the other instead of all at once, and the memory
  /// per entry is the same at any size. The idea is spiral storage (Martin 1979), which uses
  /// 2^x - 1; here it is x(2 + x) / 3, whose slope doubles from end to end just as well.
  @inlinable @inline(__always)
  internal var position: UInt64 {
    let x = bits &>> 32
    return (x &* (0xAAAA_AAAA &+ ((x &* 0x5555_5555) &>> 32))) &>> 32
  }

  @inlinable internal static var positions: UInt64 { 1 &<< 32 }

  /// The share of all keys that lie before `position`: the inverse of `position`.
  @inlinable
  internal static func share(before position: UInt64) -> Double {
    let y = Double(position) / Double(positions)
    return (1 + 3 * y).squareRoot() - 1
  }

  /// What a bucket keeps of each key. Never zero, which means an empty slot, nor one, which
  /// `TagWord.matches(_:in:)` could take for it.
  @inlinable @inline(__always)
  internal var tag: UInt64 {
    let tag = (bits &>> 16) & 0xFF
    return tag < 2 ? tag &+ 2 : tag
  }

  /// The home bucket's index is the upper end of this.
  @inlinable @inline(__always)
  internal var home: UInt64 { bits & 0xFFFF }

  @inlinable internal static var homeBits: UInt64 { 16 }
}
