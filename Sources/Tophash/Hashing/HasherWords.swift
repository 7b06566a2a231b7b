/// The words of a `Hasher`: a key's own `hash(into:)`, without what `Hasher` does before and after.
///
/// `Hasher` is SipHash-1-3: a round for each word that a key feeds, one more for what is left over,
/// and three at the end, so that somebody who chooses the keys learns nothing. Where that is not
/// asked for, two multiplications mix as well as those four rounds do.
///
/// The layout is that of the standard library's `Hasher`, which is frozen: each program has it
/// inlined. A test compares it with what `finalize()` says.
///
/// ```
/// 0       1  2  3  4        5 … 8
/// rest    v0 v1 v2 v3       zero
/// ```
///
/// *rest* is the bytes that do not fill a word yet, and how many there were in all.
@usableFromInline @frozen
internal struct HasherWords {
  @usableFromInline internal typealias Words = (
    rest: UInt64, v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64,
    UInt64, UInt64, UInt64, UInt64
  )

  @usableFromInline internal var words: Words

  /// The state of a hasher that was fed nothing.
  @inlinable @inline(__always)
  internal init(seed: UInt64) {
    // Of the seed and three constants: the fraction of pi.
    words = (
      0, seed, 0x243F_6A88_85A3_08D3, seed ^ 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0,
      0, 0, 0, 0
    )
  }

  @inlinable @inline(__always)
  internal init(_ hasher: Hasher) {
    words = unsafeBitCast(hasher, to: Words.self)
  }

  @inlinable @inline(__always)
  internal var hasher: Hasher { unsafeBitCast(words, to: Hasher.self) }

  /// Whether hashers are known to be laid out as described.
  @inlinable @inline(__always)
  internal static var areKnown: Bool { MemoryLayout<Hasher>.size == MemoryLayout<Words>.size }

  @inlinable @inline(__always)
  internal var hash: UInt64 {
    let first = FoldedHash.fold(words.v0 ^ words.rest, words.v1 ^ FoldedHash.multiplier)
    return FoldedHash.fold(words.v2 ^ first, words.v3)
  }

  @inlinable @inline(__always)
  internal static func hash<Key: Hashable>(_ key: Key, seed: UInt64) -> UInt64 {
    var hasher = HasherWords(seed: seed).hasher
    key.hash(into: &hasher)
    return HasherWords(hasher).hash
  }
}
