/// What processors move between them.
@usableFromInline
internal enum CacheLine {
  /// Two lines of 64 bytes: the usual processors fetch lines in pairs.
  @inlinable static var padding: Int { 128 }
}
