/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators"): a failing
/// case can be run again from its seed.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}

/// Copies of `input` with some bytes changed within `range`, or cut short.
package func mutations(
  of input: [UInt8], in range: Range<Int>, seeds: Range<UInt64>
) -> some Sequence<[UInt8]> {
  seeds.lazy.map { seed in
    var random = SeededGenerator(seed: seed)
    var bytes = input
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let place = Int.random(in: range, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] = .random(in: 0...255, using: &random)
      case 1: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
      case 2:
        for offset in place..<min(place + 8, bytes.count) { bytes[offset] = 0xff }
      default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
    }
    if seed % 8 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
    return bytes
  }
}
