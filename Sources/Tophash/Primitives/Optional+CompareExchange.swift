extension Optional where Wrapped: Equatable {
  /// What `compareExchange` of all dictionaries does to the value of a key; `nil` means: no value.
  @inlinable @inline(__always)
  internal mutating func compareExchange(
    expected: Self, desired: Self
  ) -> (exchanged: Bool, original: Self) {
    let original = self
    guard original == expected else { return (false, original) }
    self = desired
    return (true, original)
  }
}
