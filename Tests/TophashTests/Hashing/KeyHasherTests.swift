import Testing

@testable import Tophash

@Suite struct KeyHasherTests {
  static let seeds: [UInt64] = [0, 1, 0x9E37_79B9_7F4A_7C15, .max, 0x0123_4567_89AB_CDEF]

  @Test(arguments: [KeyHashing.fast, .keyed])
  func `equal strings hash equally, however they are stored`(_ hashing: KeyHashing) {
    let texts = [
      "", "a", "abc", "abcd", "abcdefg", "abcdefgh", "abcdefghijklmno", "abcdefghijklmnop",
      "a string that is longer than two blocks of sixteen", "caf\u{E9}",
      "stra\u{DF}e und mehr davon",
    ]
    for seed in Self.seeds {
      let hasher = KeyHasher<String>(hashing, seed: seed)
      for text in texts {
        // Large: reserved capacity keeps short text out of the small form.
        var large = ""
        large.reserveCapacity(100)
        large += text
        #expect(hasher.hash(text) == hasher.hash(large))
        #expect(hasher.hash(text) == hasher.hash(String(text.unicodeScalars.map(Character.init))))
      }
      #expect(hasher.hash("caf\u{E9}") == hasher.hash("cafe\u{301}"))
    }
  }

  @Test func `what is equivalent to ASCII hashes like it`() {
    let ascii = Set((0..<128).map { String(Unicode.Scalar($0)) })
    let hasher = KeyHasher<String>(.fast, seed: 3)
    var found: [UInt32] = []
    // All singletons lie in the first planes.
    for scalar in (0x80..<0x3_0000).lazy.compactMap(Unicode.Scalar.init) {
      let text = String(scalar)
      #expect((FoldedHash.equivalentASCII(scalar) != nil) == ascii.contains(text))
      if FoldedHash.equivalentASCII(scalar) != nil {
        found.append(scalar.value)
        let twin = ascii.first { $0 == text }!
        for (before, after) in [("", ""), ("300 ", ""), ("a longer text of ", " and more of it")] {
          #expect(hasher.hash(before + text + after) == hasher.hash(before + twin + after))
        }
      }
    }
    #expect(found == [0x37E, 0x1FEF, 0x212A])
  }

  @Test func `lengths and contents tell strings apart`() {
    let hasher = KeyHasher<String>(.fast, seed: 7)
    var seen: Set<UInt64> = []
    var count = 0
    for length in 0...40 {
      for position in 0..<max(1, length) {
        for letter in ["a", "b"] as [Character] where length > 0 || letter == "a" {
          var text = [Character](repeating: "x", count: length)
          if length > 0 { text[position] = letter }
          seen.insert(hasher.hash(String(text)))
          count += 1
        }
      }
    }
    #expect(seen.count == count)
  }

  /// The share of used cells among 4,096 when 4,096 keys are thrown: 1 - 1/e for a good hash.
  func spread(_ hashes: [UInt64], shift: UInt64) -> Double {
    Double(Set(hashes.map { ($0 >> shift) & 4095 }).count) / 4096
  }

  @Test(arguments: seeds)
  func `every part of the hash spreads`(_ seed: UInt64) {
    let integers = KeyHasher<Int>(.fast, seed: seed)
    let strings = KeyHasher<String>(.fast, seed: seed)
    let families: [(String, [UInt64])] =
      [0, 4, 12, 20, 32, 40, 48].map { shift in
        ("i << \(shift)", (0..<4096).map { integers.hash($0 << shift) })
      } + [
        ("key-i", (0..<4096).map { strings.hash("key-\($0)") }),
        (
          "a rather long key number i",
          (0..<4096).map { strings.hash("a rather long key number \($0)") }
        ),
      ]
    for (name, hashes) in families {
      for shift in [0, 8, 16, 26, 36, 52] as [UInt64] {
        // A lattice may fill the cells better than chance; it must not fill them worse.
        #expect(spread(hashes, shift: shift) > 0.55, "\(name), bits from \(shift), seed \(seed)")
      }
    }
  }

  @Test func `dictionaries draw different seeds`() {
    #expect(KeyHasher<Int>(.fast).seed != KeyHasher<Int>(.fast).seed)
  }
}
