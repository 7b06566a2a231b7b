import Synchronization

/// Seeds of dictionaries, and where iterations start: a source that any thread
/// may ask at any time, and that needs no call into the kernel.
@usableFromInline
enum SharedRandomSource {
  // Relaxed: every caller needs a number of its own and nothing else.
  @usableFromInline static let state = Atomic<UInt64>(UInt64.random(in: .min ... .max))

  @usableFromInline
  static func next() -> UInt64 {
    // SplitMix64 (Steele, Lea, Flood 2014): a counter, and a mixing of its bits.
    var word = state.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}
