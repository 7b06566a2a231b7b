/// Compares keys.
@usableFromInline
internal enum KeyEquality {
  /// Whether the key at an address, which its caller keeps alive there, is `key`.
  @inlinable @inline(__always)
  internal static func isEqual<Key: Equatable>(
    at stored: UnsafePointer<Key>, to key: Key
  ) -> Bool {
    if StringWords.areKnown && Key.self == String.self {
      let words = StringWords(_identityCast(key, to: String.self))
      return StringWords(at: stored).isEquivalent(to: words) ?? isEqualText(at: stored, to: key)
    }
    return stored.pointee == key
  }

  /// The same for strings whose words do not tell.
  @inlinable @inline(never)
  internal static func isEqualText<Key: Equatable>(
    at stored: UnsafePointer<Key>, to key: Key
  ) -> Bool {
    stored.pointee == key
  }
}
