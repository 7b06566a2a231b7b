import Testing

@testable import Tophash

/// The layout of strings is what `StringWords` takes it for.
@Suite struct StringWordsTests {
  /// Texts around the limits of every case, each stored in all ways that there are here.
  static let strings: [String] = {
    var texts: [String] = [""]
    for length in [1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 16, 17, 23, 24, 31, 40, 100] {
      let text = String("0123456789abcdefghijklmnopqrstuvwxyz".prefix(length))
      let filled = text + String(repeating: "-", count: max(0, length - text.count))
      texts += [filled, filled.dropLast() + "!", "!" + filled.dropFirst()]
    }
    texts += [
      "\u{E9}", "e\u{301}", "caf\u{E9}", "cafe\u{301}", "K", "\u{212A}", "\u{C5}", "\u{212B}",
      "300 degrees K are 27 of the other kind", "300 degrees \u{212A} are 27 of the other kind",
      "a caf\u{E9} in a text that is not small", "a cafe\u{301} in a text that is not small",
      "a caf\u{E9} in a text that is not smalL", "\u{0}", "a\u{0}", "a\u{0}\u{0}b",
    ]
    let literals = ["a literal that lies in the program", "a caf\u{E9} that lies in the program"]
    return literals + literals.map { String(Array($0)) } + texts.flatMap(storedInAllWays)
  }()

  static func storedInAllWays(_ text: String) -> [String] {
    // Reserved capacity keeps short text out of the words.
    var reserved = ""
    reserved.reserveCapacity(200)
    reserved += text
    // What was not ASCII once may not be known to be ASCII now.
    var shortened = text + "\u{E9}"
    shortened.removeLast()
    return [
      text, reserved, shortened, String(Array(text)), String(decoding: text.utf8, as: UTF8.self),
      String(("<" + text + ">").dropFirst().dropLast()),
    ]
  }

  @Test func `the words hold the text`() {
    #expect(StringWords.areKnown)
    #expect(MemoryLayout<String>.size == 16)
    var small = 0
    var large = 0
    for string in Self.strings {
      let words = StringWords(string)
      let isASCII = string.utf8.allSatisfy { $0 < 128 }
      if words.isSmall {
        small += 1
        #expect(!words.isLarge)
        #expect(words.smallCount == string.utf8.count)
        #expect(words.isSmallASCII == isASCII)
        let bytes = (0..<string.utf8.count).map { index in
          UInt8(truncatingIfNeeded: (index < 8 ? words.low : words.high) >> (8 * (index % 8)))
        }
        #expect(bytes == Array(string.utf8))
      } else {
        large += 1
        #expect(words.isLarge)
        #expect(words.largeCount == string.utf8.count)
        #expect(isASCII || !words.isLargeASCII)
        withExtendedLifetime(string) {
          let bytes = UnsafeRawBufferPointer(start: words.largeStart, count: words.largeCount)
          #expect(Array(bytes) == Array(string.utf8))
        }
      }
    }
    #expect(small > 50 && large > 50)
  }

  @Test func `the words tell what == tells, or nothing`() {
    var told = 0
    for a in Self.strings {
      for b in Self.strings {
        guard let answer = StringWords(a).isEquivalent(to: StringWords(b)) else { continue }
        told += 1
        #expect(answer == (a == b), "\(a) and \(b)")
      }
    }
    #expect(told > Self.strings.count * Self.strings.count / 4)
  }

  @Test func `every dictionary finds a string however it is stored`() {
    let strings = Self.strings
    let expected = Set(strings).count
    let concurrent = ConcurrentDictionary<String, Int>()
    let readMostly = ReadMostlyDictionary<String, Int>()
    let failFast = FailFastDictionary<String, Int>()
    for string in strings {
      concurrent.updateValue(string.utf8.count, forKey: string)
      readMostly.updateValue(string.utf8.count, forKey: string)
      failFast[string] = string.utf8.count
    }
    #expect(
      [concurrent.count, readMostly.count, failFast.count] == [expected, expected, expected])
    for string in strings {
      #expect(concurrent[string] == failFast[string] && readMostly[string] == failFast[string])
      #expect(failFast[string] != nil)
      #expect(concurrent[string + "\u{301}"] == nil || strings.contains(string + "\u{301}"))
    }
  }
}
