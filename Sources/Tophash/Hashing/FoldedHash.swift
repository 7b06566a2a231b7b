/// Hashing by folded multiplication: multiply two words to 128 bits, exclusive-or the halves.
///
/// The construction of wyhash and its relatives (Wang Yi, 2019): each bit of the input reaches the
/// middle of the product, and folding brings the middle to both ends.
@usableFromInline
internal enum FoldedHash {
  /// Odd, and the best of 3,000 at spreading arithmetic progressions: 4,096 keys `i << n`, for every
  /// `n`, use at least 58 % of the 4,096 values of any 12 neighbouring bits (chance: 63 %; the
  /// fraction of the golden ratio: 38 %).
  @inlinable static var multiplier: UInt64 { 0x5367_839A_B458_E74D }

  @inlinable @inline(__always)
  internal static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inlinable @inline(__always)
  internal static func hash(_ word: UInt64, seed: UInt64) -> UInt64 {
    fold(word ^ seed, multiplier)
  }

  /// The bits of an integer; `nil` for everything else.
  @inlinable @inline(__always)
  internal static func word<Key>(_ key: Key) -> UInt64? {
    if Key.self == Int.self { return UInt64(bitPattern: Int64(_identityCast(key, to: Int.self))) }
    if Key.self == UInt.self { return UInt64(_identityCast(key, to: UInt.self)) }
    if Key.self == Int64.self { return UInt64(bitPattern: _identityCast(key, to: Int64.self)) }
    if Key.self == UInt64.self { return _identityCast(key, to: UInt64.self) }
    if Key.self == Int32.self {
      return UInt64(truncatingIfNeeded: _identityCast(key, to: Int32.self))
    }
    if Key.self == UInt32.self { return UInt64(_identityCast(key, to: UInt32.self)) }
    if Key.self == Int16.self {
      return UInt64(truncatingIfNeeded: _identityCast(key, to: Int16.self))
    }
    if Key.self == UInt16.self { return UInt64(_identityCast(key, to: UInt16.self)) }
    if Key.self == Int8.self {
      return UInt64(truncatingIfNeeded: _identityCast(key, to: Int8.self))
    }
    if Key.self == UInt8.self { return UInt64(_identityCast(key, to: UInt8.self)) }
    return nil
  }

  /// The hash of a string that can be seen to be ASCII; `nil` for any other.
  @inlinable @inline(__always)
  internal static func hash(_ string: String, seed: UInt64) -> UInt64? {
    if StringWords.areKnown {
      let words = StringWords(string)
      if words.isLarge {
        if let hash = hashASCII(words.largeStart, words.largeCount, seed: seed) { return hash }
      } else if words.isSmallASCII {
        return hashASCII(words, seed: seed)
      }
    }
    return nil
  }

  /// The same hash for a string that is canonically equivalent to an ASCII string; `nil` for any
  /// other, which needs `Hasher` to be normalised.
  ///
  /// Swift's strings are equal when they are canonically equivalent, whether they are small, native
  /// or bridged.
  @usableFromInline @inline(never)
  internal static func hashEquivalent(of string: String, seed: UInt64) -> UInt64? {
    guard string.unicodeScalars.allSatisfy({ equivalentASCII($0) != nil }) else { return nil }
    let bytes = string.unicodeScalars.map { equivalentASCII($0).unsafelyUnwrapped }
    return bytes.withUnsafeBytes { bytes in
      withUnsafePointer(to: 0 as UInt8) { nothing in
        hashASCII(bytes.baseAddress ?? UnsafeRawPointer(nothing), bytes.count, seed: seed)
      }
    }
  }

  /// The ASCII character that a scalar is canonically equivalent to. There are three that are not
  /// ASCII themselves: the Greek question mark, the Greek varia and the Kelvin sign.
  internal static func equivalentASCII(_ scalar: Unicode.Scalar) -> UInt8? {
    switch scalar {
    case "\u{37E}": UInt8(ascii: ";")
    case "\u{1FEF}": UInt8(ascii: "`")
    case "\u{212A}": UInt8(ascii: "K")
    default: scalar.isASCII ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }
  }

  @inlinable @inline(__always)
  internal static func start(_ count: UInt64, _ seed: UInt64) -> UInt64 {
    seed ^ (count &* multiplier)
  }

  @inlinable @inline(__always)
  internal static func hashASCII(
    _ base: UnsafeRawPointer, _ count: Int, seed: UInt64
  ) -> UInt64? {
    let start = start(UInt64(truncatingIfNeeded: count), seed)
    let key = (seed &* multiplier) | 1
    guard count > 0 else { return fold(start, key) }
    var all: UInt64
    var hash: UInt64
    if count >= 8 {
      hash = start
      all = 0
      var offset = 0
      while offset &+ 16 < count {
        let a = load8(base, offset)
        let b = load8(base, offset &+ 8)
        all |= a | b
        hash = fold(a ^ hash, b ^ key)
        offset &+= 16
      }
      // The last 16 bytes or fewer; both words overlap what was read before when there are fewer.
      let a = load8(base, Swift.min(offset, count &- 8))
      let b = load8(base, count &- 8)
      all |= a | b
      hash = fold(a ^ hash, b ^ key)
    } else if count >= 4 {
      let a = load4(base, 0)
      let b = load4(base, count &- 4)
      all = a | b
      hash = fold((a | b &<< 32) ^ start, key)
    } else {
      let a = UInt64(base.load(as: UInt8.self))
      let b = UInt64(base.load(fromByteOffset: count &>> 1, as: UInt8.self))
      let c = UInt64(base.load(fromByteOffset: count &- 1, as: UInt8.self))
      all = a | b | c
      hash = fold((a | b &<< 8 | c &<< 16) ^ start, key)
    }
    guard _fastPath(all & 0x8080_8080_8080_8080 == 0) else { return nil }
    return fold(hash, multiplier)
  }

  /// The same for a small string, out of registers.
  @inlinable @inline(__always)
  internal static func hashASCII(_ words: StringWords, seed: UInt64) -> UInt64 {
    let count = words.smallCount
    let start = start(count, seed)
    let key = (seed &* multiplier) | 1
    let hash: UInt64
    if count >= 8 {
      // The last eight bytes. Shifted in two steps, for a shift by 64 is none.
      let bits = 8 &* (count &- 8)
      let rest = (words.high & 0x00FF_FFFF_FFFF_FFFF) &<< 8
      let b = words.low &>> bits | rest &<< (56 &- bits)
      hash = fold(words.low ^ start, b ^ key)
    } else if count >= 4 {
      let a = words.low & 0xFFFF_FFFF
      let b = words.low &>> (8 &* (count &- 4))
      hash = fold((a | b &<< 32) ^ start, key)
    } else if count > 0 {
      let a = words.low & 0xFF
      let b = words.low &>> (8 &* (count &>> 1)) & 0xFF
      let c = words.low &>> (8 &* (count &- 1)) & 0xFF
      hash = fold((a | b &<< 8 | c &<< 16) ^ start, key)
    } else {
      return fold(start, key)
    }
    return fold(hash, multiplier)
  }

  @inlinable @inline(__always)
  internal static func load8(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  @inlinable @inline(__always)
  internal static func load4(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}

/// `value` seen as the type that it is known to have.
@inlinable @inline(__always)
internal func _identityCast<From, To>(_ value: From, to: To.Type) -> To {
  assert(From.self == To.self)
  return unsafeBitCast(value, to: To.self)
}
