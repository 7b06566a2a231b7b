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
      if let answer = StringWords(at: stored).isEquivalent(to: words) { return answer }
    }
    return stored.pointee == key
  }
}
