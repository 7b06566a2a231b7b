/// Compares keys.
@usableFromInline
internal enum KeyEquality {
  @inlinable @inline(__always)
  internal static func areEqual<Key: Equatable>(_ a: Key, _ b: Key) -> Bool {
    a == b
  }
}
