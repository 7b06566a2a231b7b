/// What a control byte says about its cell.
///
/// A live cell has the top eight bits of its key's hash here, so that one
/// comparison of eight bytes rules out nearly every other key of a bucket.
/// Below `firstFingerprint` the byte is a state.
@usableFromInline
enum ControlByte {
  /// Empty, and so is every later cell of the bucket and of its chain: a search stops here.
  @inlinable static var emptyRest: UInt8 { 0 }
  /// Empty, but something may follow.
  @inlinable static var emptyOne: UInt8 { 1 }
  /// The entry moved to the lower half of the new array. Its key stays for iterators.
  @inlinable static var evacuatedLow: UInt8 { 2 }
  /// The entry moved to the upper half of the new array. Its key stays for iterators.
  @inlinable static var evacuatedHigh: UInt8 { 3 }
  /// The bucket was evacuated, and nothing is left in this cell.
  @inlinable static var evacuatedEmpty: UInt8 { 4 }
  /// The entry moved, and a copy of it stays for iterators: its key is not even
  /// equal to itself, so an iterator could not look it up again.
  @inlinable static var evacuatedCopy: UInt8 { 5 }
  @inlinable static var firstFingerprint: UInt8 { 6 }

  @inlinable @inline(__always)
  static func fingerprint(of hash: UInt) -> UInt8 {
    // A few fingerprints more that are equal cost less than spreading them would.
    max(UInt8(truncatingIfNeeded: hash >> 56), firstFingerprint)
  }
}

/// The control bytes of the eight cells of a bucket, the first in the lowest byte.
@usableFromInline
struct ControlWord {
  @usableFromInline var bits: UInt64

  @inlinable @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  @inlinable @inline(__always)
  static var evacuatedEmpty: ControlWord { ControlWord(bits: 0x0404_0404_0404_0404) }

  @inlinable @inline(__always)
  subscript(cell: Int) -> UInt8 {
    get { UInt8(truncatingIfNeeded: bits &>> UInt64(truncatingIfNeeded: cell &* 8)) }
    set {
      let shift = UInt64(truncatingIfNeeded: cell &* 8)
      bits = bits & ~(0xff &<< shift) | UInt64(newValue) &<< shift
    }
  }

  /// The cells whose byte equals `fingerprint`. A cell above such a one may be
  /// named wrongly (a borrow of the subtraction), never one below, and none is
  /// missed: the caller compares keys anyway.
  @inlinable @inline(__always)
  func cells(with fingerprint: UInt8) -> CellSet {
    let difference = bits ^ (UInt64(fingerprint) &* 0x0101_0101_0101_0101)
    return CellSet(
      bits: (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080)
  }

  /// The first cell that is `emptyRest` or `emptyOne`.
  @inlinable @inline(__always)
  var firstEmpty: Int? {
    let state = bits & 0xfefe_fefe_fefe_fefe
    let set = CellSet(bits: (state &- 0x0101_0101_0101_0101) & ~state & 0x8080_8080_8080_8080)
    return set.isEmpty ? nil : set.first
  }

  /// Whether the search ends in this bucket: its last cell is `emptyRest`.
  @inlinable @inline(__always)
  var endsChain: Bool { bits &>> 56 == 0 }

  /// The cells that are not empty: live or evacuated.
  @inlinable @inline(__always)
  var used: CellSet {
    // A byte of 2 or more carries into its high bit, or has it already.
    let carries = (bits & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7e7e_7e7e_7e7e_7e7e
    return CellSet(bits: (carries | bits) & 0x8080_8080_8080_8080)
  }

  /// The word with the byte of `cell` first.
  @inlinable @inline(__always)
  func rotated(to cell: Int) -> ControlWord {
    let shift = UInt64(truncatingIfNeeded: cell &* 8)
    return ControlWord(bits: bits &>> shift | bits &<< (0 &- shift))
  }

  /// The word without its first cells, which read `emptyRest`.
  @inlinable @inline(__always)
  func dropping(first count: Int) -> ControlWord {
    ControlWord(bits: bits & ~0 &<< UInt64(truncatingIfNeeded: count &* 8))
  }
}

/// A set of cells: the high bit of each byte.
@usableFromInline
struct CellSet {
  @usableFromInline var bits: UInt64

  @inlinable @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  @inlinable @inline(__always)
  var isEmpty: Bool { bits == 0 }

  @inlinable @inline(__always)
  var first: Int { bits.trailingZeroBitCount &>> 3 }

  @inlinable @inline(__always)
  mutating func removeFirst() { bits &= bits &- 1 }

  @inlinable @inline(__always)
  mutating func insert(_ cell: Int, if condition: Bool) {
    let bit: UInt64 = condition ? 0x80 : 0
    bits |= bit &<< UInt64(truncatingIfNeeded: cell &* 8)
  }

  @inlinable @inline(__always)
  func subtracting(_ other: CellSet) -> CellSet { CellSet(bits: bits & ~other.bits) }
}
