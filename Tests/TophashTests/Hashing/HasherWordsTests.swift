import Testing

@testable import Tophash

@Suite struct HasherWordsTests {
  /// SipHash-1-3, from a state on.
  struct Sip {
    var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

    static func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
      word << count | word >> (64 - count)
    }

    mutating func round() {
      v0 &+= v1
      v1 = Self.rotate(v1, by: 13) ^ v0
      v0 = Self.rotate(v0, by: 32)
      v2 &+= v3
      v3 = Self.rotate(v3, by: 16) ^ v2
      v0 &+= v3
      v3 = Self.rotate(v3, by: 21) ^ v0
      v2 &+= v1
      v1 = Self.rotate(v1, by: 17) ^ v2
      v2 = Self.rotate(v2, by: 32)
    }

    mutating func feed(_ word: UInt64) {
      v3 ^= word
      round()
      v0 ^= word
    }

    mutating func finish(_ rest: UInt64) -> UInt64 {
      feed(rest)
      v2 ^= 0xff
      for _ in 0..<3 { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }
  }

  @Test func `the words are where they are said to be`() {
    for seed in KeyHasherTests.seeds {
      let words = HasherWords(seed: seed).words
      var sip = Sip(v0: words.v0, v1: words.v1, v2: words.v2, v3: words.v3)
      var hasher = HasherWords(seed: seed).hasher
      for (index, word) in ([1, 2, 0x0123_4567_89AB_CDEF] as [UInt64]).enumerated() {
        hasher.combine(word)
        sip.feed(word)
        let now = HasherWords(hasher).words
        #expect([now.v0, now.v1, now.v2, now.v3] == [sip.v0, sip.v1, sip.v2, sip.v3])
        // Nothing is left over of so many bytes.
        #expect(now.rest == UInt64(8 * (index + 1)) << 56)
      }
      // Three bytes that do not fill a word, and 27 in all.
      for byte in [7, 8, 9] as [UInt8] { hasher.combine(byte) }
      let rest: UInt64 = 27 << 56 | 9 << 16 | 8 << 8 | 7
      #expect(HasherWords(hasher).words.rest == rest)
      #expect(UInt64(bitPattern: Int64(hasher.finalize())) == sip.finish(rest))
    }
  }

  @Test func `a hasher of the standard library has no other words`() {
    #expect(HasherWords.areKnown)
    let words = HasherWords(Hasher()).words
    #expect(words.rest == 0)
    #expect([words.5, words.6, words.7, words.8] == [0, 0, 0, 0])
  }

  struct Pair: Hashable { var first: Int, second: Int8 }
  final class Object: Hashable {
    let number: Int
    init(_ number: Int) { self.number = number }
    static func == (a: Object, b: Object) -> Bool { a.number == b.number }
    func hash(into hasher: inout Hasher) { hasher.combine(number) }
  }

  @Test(arguments: KeyHasherTests.seeds)
  func `keys of all kinds spread`(_ seed: UInt64) {
    func check<Key: Hashable>(_ name: String, _ key: (Int) -> Key) {
      let hasher = KeyHasher<Key>(.fast, seed: seed)
      let hashes = (0..<4096).map { hasher.hash(key($0)) }
      #expect(Set(hashes).count == 4096)
      #expect(hashes == (0..<4096).map { hasher.hash(key($0)) })
      for shift in [0, 8, 16, 26, 36, 40, 52] as [UInt64] {
        // By chance it is 0.63, with a standard deviation of 0.005.
        let spread = KeyHasherTests().spread(hashes, shift: shift)
        #expect(spread > 0.6, "\(name), bits from \(shift), seed \(seed)")
      }
    }
    for shift in [0, 4, 12, 20, 32, 40, 48] { check("i << \(shift)") { Object($0 << shift) } }
    check("a pair") { Pair(first: $0 >> 6, second: Int8($0 & 63)) }
    check("a pair, the other way round") { Pair(first: $0 & 63, second: Int8($0 >> 6)) }
    check("two bytes") { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    check("an optional") { Optional($0) }
    check("a string in it") { ["number \($0)": $0] }
    check("a floating-point number") { Double($0) }
  }
}
