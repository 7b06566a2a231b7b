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

  /// The hash of an ASCII string; `nil` for any other.
  ///
  /// Swift's strings are equal when they are canonically equivalent. An ASCII string is equivalent
  /// to itself alone, so its bytes may be hashed; every other string needs `Hasher`, which
  /// normalises. ASCII or not is a property of the text, so equal strings take the same way,
  /// whether they are small, native or bridged.
  @inlinable @inline(__always)
  internal static func hash(_ string: String, seed: UInt64) -> UInt64? {
    if let hash = string.utf8.withContiguousStorageIfAvailable({ hashASCII($0, seed: seed) }) {
      return hash
    }
    return hashCopy(of: string, seed: seed)
  }

  /// Bridged strings only.
  @inlinable @inline(never)
  internal static func hashCopy(of string: String, seed: UInt64) -> UInt64? {
    var copy = string
    return copy.withUTF8 { hashASCII($0, seed: seed) }
  }

  @inlinable @inline(__always)
  internal static func hashASCII(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64? {
    let count = bytes.count
    let start = seed ^ (UInt64(truncatingIfNeeded: count) &* multiplier)
    let key = (seed &* multiplier) | 1
    guard let base = UnsafeRawPointer(bytes.baseAddress), count > 0 else { return fold(start, key) }
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
      let a = UInt64(bytes[0])
      let b = UInt64(bytes[count &>> 1])
      let c = UInt64(bytes[count &- 1])
      all = a | b | c
      hash = fold((a | b &<< 8 | c &<< 16) ^ start, key)
    }
    guard _fastPath(all & 0x8080_8080_8080_8080 == 0) else { return nil }
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
