import Foundation
import Testing
import TophashSymbols
import TophashTestSupport

@testable import TophashFindings

@Suite struct PatternTests {
  @Test(arguments: [
    ("Inventory.stock", "Inventory.stock", true), ("Inventory.stock", "Inventory.stocks", false),
    ("Inventory.*", "Inventory.stock", true), ("Inventory.*", "Inventory.", true),
    ("Inventory.*", "Warehouse.Inventory.stock", false), ("*.stock", "a.b.stock", true),
    ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("a?c", "abc", true),
    ("a?c", "aéc", true), ("a?c", "ac", false), ("a?c", "abbc", false), ("*", "", true),
    ("", "", true), ("", "a", false), ("?", "", false), ("**", "x", true),
    ("Sources/*/A.swift", "Sources/x/y/A.swift", true), ("*ab", "aab", true), ("a*ba", "aba", true),
    ("é*", "éa", true),
  ])
  func `a pattern fits`(pattern: String, text: String, fits: Bool) {
    #expect(Pattern(pattern).matches(text) == fits)
  }

  /// Against the plain definition, which takes time without end where the pattern is long.
  @Test func `patterns fit as defined`() {
    func fits(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
      guard let first = pattern.first else { return text.isEmpty }
      if first == "*" {
        return fits(pattern.dropFirst(), text) || !text.isEmpty && fits(pattern, text.dropFirst())
      }
      guard let next = text.first else { return false }
      return (first == "?" || first == next) && fits(pattern.dropFirst(), text.dropFirst())
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<5000 {
      let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        "ab*?".randomElement(using: &random)!
      }
      let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in
        "ab".randomElement(using: &random)!
      }
      #expect(Pattern(String(pattern)).matches(String(text)) == fits(pattern[...], text[...]))
    }
  }

  @Test func `many stars take no time without end`() {
    let pattern = Pattern(String(repeating: "*a", count: 200) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 20_000)))
  }
}

@Suite struct DayTests {
  @Test(arguments: ["2027-01-31", "2028-02-29", "0001-01-01", "9999-12-31"])
  func `a day is read`(text: String) {
    #expect(Day(text)?.description == text)
  }

  @Test(arguments: [
    "", "2027", "2027-1-31", "2027-13-01", "2027-02-29", "2027-00-10", "27-01-01", "2027-01-31T",
    "2027/01/31", "２０２７-01-31", "-027-01-31",
  ])
  func `what is no day`(text: String) {
    #expect(Day(text) == nil)
  }

  @Test func `days are in their order`() throws {
    let days = try ["2026-12-31", "2027-01-01", "2027-01-02"].map { try #require(Day($0)) }
    #expect(days == days.sorted())
    #expect(Day(of: Date(timeIntervalSince1970: 0)).description == "1970-01-01")
  }
}

@Suite struct SuppressionFileTests {
  @Test func `conditions, an end and a reason`() throws {
    let file = try SuppressionFile(
      path: "s",
      text: """
        # What we live with.

        variable:Inventory.stock until:2027-01-31 # with the next release, see #41
          function:"closure #1 in *"  rule:storage-*\t#  twice  \r
        """)
    #expect(file.entries.map(\.line) == [3, 4])
    #expect(file.entries.map(\.reason) == ["with the next release, see #41", "twice"])
    #expect(file.entries[0].until == Day("2027-01-31"))
    #expect(
      file.entries[1].conditions == [
        .init(kind: .function, pattern: Pattern("closure #1 in *")),
        .init(kind: .rule, pattern: Pattern("storage-*")),
      ])
  }

  @Test(arguments: [
    ("variable:a.b", "s:1:13: no reason is given; end the line with '# why'"),
    ("variable:a.b #  ", "s:1:14: no reason is given; end the line with '# why'"),
    ("\n  a.b # x", "s:2:3: 'a.b' is no condition; write 'variable:a.b', or '# why'"),
    (
      "vairable:a.b # x",
      "s:1:1: 'vairable' is no condition; known are variable, function, file, module, rule,"
        + " fingerprint, until"
    ),
    ("variable: # x", "s:1:10: 'variable' has no value; write 'variable:PATTERN'"),
    ("function:\"a # x", "s:1:10: a quote is not closed; end the value with '\"'"),
    ("variable:a until:soon # x", "s:1:18: 'soon' is no day; write it as '2027-01-31'"),
    (
      "until:2027-01-31 # x",
      "s:1:1: an entry that would suppress everything; add a condition, such as 'variable:NAME'"
    ),
    (
      "rule:write # x",
      "s:1:6: there is no rule 'write'; known are concurrent-modification,"
        + " concurrent-read-and-modification, storage-modification"
    ),
  ])
  func `a mistake is told with its place`(text: String, message: String) {
    let error = #expect(throws: TextFailure.self) { try SuppressionFile(path: "s", text: text) }
    #expect(error?.description == message)
  }

  @Test func `damage is told, or read as something else`() {
    let text = "variable:A.b until:2027-01-31 # é\nfunction:\"x y\" rule:* # why\n# c\n"
    var read = 0
    for bytes in mutations(of: Array(text.utf8), in: 0..<text.utf8.count, seeds: 0..<2000) {
      if (try? SuppressionFile(path: "s", text: String(decoding: bytes, as: UTF8.self))) != nil {
        read += 1
      }
    }
    #expect((100..<1900).contains(read))
  }
}

@Suite struct SourceDirectivesTests {
  private func directives(_ source: String) -> SourceDirectives { SourceDirectives(source: source) }

  @Test func `comments say what is about their line and the next`() {
    let read = directives(
      """
      let a = 1  // tophash:disable:this concurrent-modification set up before sharing
      // Told apart. tophash:disable:next all   repaired with the next release\r
      total += 1
      """)
    #expect(read.mistakes.isEmpty)
    #expect(
      read.directives == [
        1: [.init(line: 1, rule: .concurrentModification, reason: "set up before sharing")],
        3: [.init(line: 2, rule: nil, reason: "repaired with the next release")],
      ])
  }

  @Test(arguments: [
    ("// tophash:disable:next", "no rule is named; known are "),
    ("// tophash:disable:next writes x", "there is no rule 'writes'; known are "),
    ("// tophash:disable:next all", "no reason is given; write it behind the rule"),
    ("// tophash:disable:line all x", "'tophash:disable:line': write ':this' or ':next'"),
    ("// tophash:disable: all x", "'tophash:disable:': write ':this' or ':next'"),
  ])
  func `a comment that says nothing is told`(source: String, words: String) {
    let read = directives(source)
    #expect(read.directives.isEmpty)
    #expect(read.mistakes.map(\.line) == [1])
    #expect(read.mistakes.first?.text.hasPrefix(words) == true)
  }

  @Test func `damage does no harm`() {
    let source = "let é = 1 // tophash:disable:this all why\n/// tophash:disable:next all why\r\n"
    for bytes in mutations(of: Array(source.utf8), in: 0..<source.utf8.count, seeds: 0..<1000) {
      _ = directives(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func `what is no comment is none`() {
    let read = directives("let text = \"tophash:disable:this all x\"\n")
    #expect(read.directives.isEmpty && read.mistakes.isEmpty)
  }
}

@Suite struct SuppressorTests {
  private static func side(
    _ operation: Side.Operation, _ function: String, _ file: String, _ line: Int,
    module: String = "Shop"
  ) -> Side {
    Side(
      operation: operation, owner: .task(id: 1, name: nil), threadID: 1,
      stack: [
        Frame(
          address: 1, image: "/shop/app", offset: 1, symbol: nil, function: function,
          module: module,
          location: SourceLocation(file: "/shop/\(file)", line: line, column: 1), isInlined: false)
      ])
  }

  static func finding(
    _ name: String = "Inventory.stock", module: String? = "Shop",
    open: Side = side(.modify, "Inventory.add(_:)", "Sources/A.swift", 2),
    begun: Side = side(.modify, "Inventory.take(_:)", "Sources/B.swift", 9)
  ) -> Finding {
    Finding(
      grade: .caught,
      variable: Variable(kind: .classProperty, module: module, name: name, type: nil),
      open: open, begun: begun)
  }

  private func suppressor(
    _ text: String = "", baseline: Baseline? = nil, sources: [String: String] = [:]
  ) throws -> Suppressor {
    Suppressor(
      files: [try SuppressionFile(path: "s", text: text)], baseline: baseline,
      paths: Paths(directory: "/shop"), today: try #require(Day("2027-01-01")),
      source: { sources[$0] })
  }

  @Test(arguments: [
    "variable:Inventory.stock", "variable:Shop.Inventory.stock", "variable:*.stock",
    "function:Inventory.add(_:)", "function:Shop.Inventory.take*", "file:Sources/B.swift",
    "file:Sources/*", "module:Shop", "rule:concurrent-modification", "rule:concurrent-*",
    "variable:*.stock file:*/A.swift rule:*", "variable:Inventory.stock until:2027-01-01",
    "fingerprint:\(finding().fingerprint)",
  ])
  func `an entry fits`(text: String) throws {
    var suppressor = try suppressor(text + " # why")
    let found = suppressor.apply(to: [Self.finding()])
    #expect(
      found[0].suppression == Suppression(kind: .file, place: "s:1", reason: "why"))
    #expect(suppressor.remarks == [])
  }

  @Test(arguments: [
    "variable:stock", "variable:inventory.stock", "function:add*", "file:A.swift", "module:Sho",
    "rule:storage-modification", "variable:*.stock file:*/C.swift", "fingerprint:T-00000000",
  ])
  func `an entry that fits nothing is told`(text: String) throws {
    var suppressor = try suppressor(text + " # why")
    #expect(suppressor.apply(to: [Self.finding()])[0].isOpen)
    #expect(suppressor.remarks == ["s:1: this entry met no finding"])
  }

  @Test func `an entry that is over suppresses nothing, and is told`() throws {
    var suppressor = try suppressor("variable:Inventory.stock until:2026-12-31 # why")
    #expect(suppressor.apply(to: [Self.finding()])[0].isOpen)
    #expect(
      suppressor.remarks == ["s:1: this entry is over since 2026-12-31, and suppresses nothing"])
  }

  @Test func `a comment at either access suppresses, and comes before the file`() throws {
    for (file, source) in [
      ("/shop/Sources/A.swift", "// tophash:disable:next all why\nx = 1\n"),
      (
        "/shop/Sources/B.swift",
        String(repeating: "\n", count: 8) + "x // tophash:disable:this concurrent-modification why"
      ),
    ] {
      var suppressor = try suppressor("variable:*.stock # file", sources: [file: source])
      let suppression = suppressor.apply(to: [Self.finding()])[0].suppression
      #expect(suppression?.kind == .comment)
      #expect(suppression?.reason == "why")
      // The entry has met it all the same.
      #expect(suppressor.remarks == [])
    }
  }

  @Test func `a comment about another rule or line suppresses nothing, and is told`() throws {
    let source = """
      // tophash:disable:next storage-modification why
      x = 1 // tophash:disable:next all why
      // tophash:disable:next
      """
    var suppressor = try suppressor(sources: ["/shop/Sources/A.swift": source])
    #expect(suppressor.apply(to: [Self.finding()])[0].isOpen)
    #expect(
      suppressor.remarks == [
        "Sources/A.swift:1: this comment met no finding",
        "Sources/A.swift:2: this comment met no finding",
        "Sources/A.swift:3: no rule is named; known are concurrent-modification,"
          + " concurrent-read-and-modification, storage-modification, all",
      ])
  }

  @Test func `the baseline comes last, and what it holds in vain is counted`() throws {
    let baseline = Baseline(
      path: "b.json", [(Self.finding(), "one"), (Self.finding("Inventory.gone"), "two")])
    var suppressor = try suppressor("variable:*.other # why", baseline: baseline)
    let found = suppressor.apply(to: [
      Self.finding(), Self.finding("Inventory.other"), Self.finding("Inventory.new"),
    ])
    #expect(found.map(\.suppression?.kind) == [.baseline, .file, nil])
    #expect(suppressor.remarks == ["b.json: 1 of 2 entries met no finding"])
  }

  /// Counted, not timed: ten times the findings and entries are ten times the comparisons.
  @Test func `thousands of findings and of entries do not multiply`() throws {
    func comparisons(_ count: Int) throws -> Int {
      let entries = (0..<count).map { "variable:Inventory.v\($0) # why" }.joined(separator: "\n")
      var suppressor = try suppressor(entries + "\nfunction:none* # one with a wildcard")
      let found = suppressor.apply(to: (0..<count).map { Self.finding("Inventory.v\($0)") })
      #expect(found.allSatisfy { !$0.isOpen })
      return suppressor.comparisons
    }
    #expect(try comparisons(200) == 400)
    #expect(try comparisons(2000) == 4000)
  }
}
