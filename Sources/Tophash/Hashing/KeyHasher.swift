/// Hashes the keys of one dictionary.
///
/// Equal keys have equal hashes, whatever their representation. All 64 bits are usable.
///
/// The comparisons of types fold away wherever `Key` is known to the compiler.
@usableFromInline @frozen
internal struct KeyHasher<Key: Hashable>: Sendable {
  @usableFromInline internal let seed: UInt64
  @usableFromInline internal let isKeyed: Bool

  @inlinable
  internal init(
    _ hashing: KeyHashing, seed: UInt64 = .random(in: .min ... .max)
  ) {
    self.seed = seed
    self.isKeyed = hashing == .keyed
  }

  @inlinable internal var hashing: KeyHashing { isKeyed ? .keyed : .fast }

  /// - Complexity: O(1) for integers, O(length) for strings.
  @inlinable @inline(__always)
  internal func hash(_ key: Key) -> UInt64 {
    _fastPath(!isKeyed) ? hashUnkeyed(key) : hashByHasher(key)
  }

  /// `hash(_:)`, for whoever knows that `isKeyed` is false.
  @inlinable @inline(__always)
  internal func hashUnkeyed(_ key: Key) -> UInt64 {
    if let word = FoldedHash.word(key) { return FoldedHash.hash(word, seed: seed) }
    if Key.self == String.self {
      return FoldedHash.hash(_identityCast(key, to: String.self), seed: seed) ?? hashText(key)
    }
    return HasherWords.areKnown ? HasherWords.hash(key, seed: seed) : hashByHasher(key)
  }

  /// `hashUnkeyed(_:)` of a string that may not be ASCII.
  @inlinable @inline(never)
  internal func hashText(_ key: Key) -> UInt64 {
    FoldedHash.hashEquivalent(of: _identityCast(key, to: String.self), seed: seed)
      // Text has to be normalised, as `Hasher` does.
      ?? hashByHasher(key)
  }

  @inlinable
  internal func hashByHasher(_ key: Key) -> UInt64 {
    // `_rawHashValue` runs the key's own `hash(into:)` in a `Hasher` that is seeded with the
    // process's random key and ours, a third of the cost of setting one up by hand.
    UInt64(truncatingIfNeeded: key._rawHashValue(seed: Int(truncatingIfNeeded: seed)))
  }
}
