/// A small, fast source of random numbers (Wang Yi's wyrand). Not for secrets.
@usableFromInline @frozen
internal struct RandomSource: RandomNumberGenerator, Sendable {
  @usableFromInline internal var state: UInt64

  @inlinable
  internal init(seed: UInt64 = .random(in: .min ... .max)) {
    state = seed
  }

  @inlinable @inline(__always)
  internal mutating func next() -> UInt64 {
    state &+= 0xA076_1D64_78BD_642F
    return FoldedHash.fold(state, state ^ 0xE703_7ED1_A0B4_28DB)
  }
}
