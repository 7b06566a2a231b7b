/// The two words of a `String`: its text, reached without counting references.
///
/// A look-up compares a stored key with the one that is looked for. To the compiler, a key that is
/// loaded from the table is a new reference: it retains and releases it, two atomic operations on
/// memory that all readers share, around a comparison of sixteen bytes. Here nobody owns anything:
/// who holds such words keeps the string alive by other means, a lock, a pin or a variable.
///
/// The layout is that of the standard library's `_StringObject`, which is frozen: each program has
/// it inlined. A test compares it with what `utf8` says.
///
/// ```
///          low                             high, from the top
/// small    bytes 0…7                       1 ASCII 1 0 │ count, 4 bits │ bytes 8…14
/// large    ASCII …, count in 48 bits       immortal 0 0 0 │ address of the text, less 32
/// other    (bridged, or without UTF-8)     …
/// ```
@usableFromInline @frozen
internal struct StringWords {
  @usableFromInline internal let low: UInt64
  @usableFromInline internal let high: UInt64

  @inlinable @inline(__always)
  internal init(_ string: String) {
    (low, high) = unsafeBitCast(string, to: (UInt64, UInt64).self)
  }

  /// The words at an address where a string is.
  @inlinable @inline(__always)
  internal init(at address: UnsafeRawPointer) {
    low = address.load(as: UInt64.self)
    high = address.load(fromByteOffset: 8, as: UInt64.self)
  }

  /// Whether strings are known to be laid out as described.
  @inlinable @inline(__always)
  internal static var areKnown: Bool {
    #if _pointerBitWidth(_64) && _endian(little) && !os(Android)
    return true
    #else
    return false
    #endif
  }

  /// Whether the text is in the words themselves.
  @inlinable @inline(__always)
  internal var isSmall: Bool { high & (1 &<< 61) != 0 }

  @inlinable @inline(__always)
  internal var isSmallASCII: Bool { high &>> 61 == 7 }

  /// Whether the text is in memory, as UTF-8.
  @inlinable @inline(__always)
  internal var isLarge: Bool { high &>> 60 & 7 == 0 }

  @inlinable @inline(__always)
  internal var smallCount: UInt64 { high &>> 56 & 15 }

  @inlinable @inline(__always)
  internal var largeCount: Int { Int(truncatingIfNeeded: low & 0xFFFF_FFFF_FFFF) }

  /// Whether the text in memory is known to be ASCII. Of some that is, it is not known.
  @inlinable @inline(__always)
  internal var isLargeASCII: Bool { low &>> 63 == 1 }

  @inlinable @inline(__always)
  internal var largeStart: UnsafeRawPointer {
    UnsafeRawPointer(bitPattern: UInt(high & 0x0FFF_FFFF_FFFF_FFFF) &+ 32).unsafelyUnwrapped
  }

  /// Whether the texts are canonically equivalent; `nil` where the words do not tell.
  ///
  /// Equal bytes are equivalent, and of ASCII texts nothing else is.
  @inlinable @inline(__always)
  internal func isEquivalent(to other: StringWords) -> Bool? {
    if low == other.low && high == other.high { return true }
    if isLarge && other.isLarge {
      let count = largeCount
      if count == other.largeCount
        && Self.haveEqualBytes(largeStart, other.largeStart, count)
      {
        return true
      }
      return isLargeASCII && other.isLargeASCII ? false : nil
    }
    // Bytes beyond the count are zero.
    return isSmallASCII && other.isSmallASCII ? false : nil
  }

  @inlinable @inline(__always)
  internal static func haveEqualBytes(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int
  ) -> Bool {
    guard _fastPath(count >= 8) else {
      return (0..<count).allSatisfy {
        a.load(fromByteOffset: $0, as: UInt8.self) == b.load(fromByteOffset: $0, as: UInt8.self)
      }
    }
    // The first eight and the last eight, which may overlap: all there is of up to sixteen.
    let first = FoldedHash.load8(a, 0) ^ FoldedHash.load8(b, 0)
    let last = FoldedHash.load8(a, count &- 8) ^ FoldedHash.load8(b, count &- 8)
    guard first | last == 0 else { return false }
    var offset = 8
    while offset < count &- 8 {
      guard FoldedHash.load8(a, offset) == FoldedHash.load8(b, offset) else { return false }
      offset &+= 8
    }
    return true
  }
}
