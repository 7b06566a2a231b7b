import Foundation
import Testing
import TophashTestSupport

@testable import TophashFindings

@Suite struct BaselineTests {
  private let findings = ["b", "a", "c"].map { SuppressorTests.finding("Inventory.\($0)") }

  private var baseline: Baseline { Baseline(path: "b.json", findings.map { ($0, "about it") }) }

  @Test func `what was written is read`() throws {
    let again = try Baseline(path: "b.json", text: Array(baseline.text.utf8))
    #expect(again == baseline)
    #expect(again.text == baseline.text)
    #expect(findings.allSatisfy(again.holds))
    let none = Baseline(path: "b.json", [])
    #expect(try Baseline(path: "b.json", text: Array(none.text.utf8)).count == 0)
  }

  @Test func `one line each, in order, so that changes merge`() {
    let lines = baseline.text.split(separator: "\n")
    #expect(lines.count == 3 + 5)
    #expect(lines[2...3].allSatisfy { $0.hasSuffix(",") })
    #expect(lines[1...3].contains { $0.contains("\"rule\":\"concurrent-modification\"") })
  }

  @Test func `it only shrinks`() {
    let new = SuppressorTests.finding("Inventory.new")
    let shrunk = baseline.shrunk(to: [findings[0], new])
    #expect(shrunk.count == 1)
    #expect(shrunk.holds(findings[0]))
    #expect(!shrunk.holds(new))
    #expect(shrunk.shrunk(to: findings).count == 1)
  }

  @Test(arguments: [
    ("", "b.json:1:1: the text ends too early"), ("{", "b.json:1:2: a key was expected"),
    ("{}", "b.json:1:1: 'schema' is missing"),
    (
      "{\n \"schema\": \"tophash-baseline/2\"}",
      "b.json:2:12: 'tophash-baseline/2' is another version than 'tophash-baseline/1'"
    ),
    (
      "{\"schema\": \"tophash-report/1\"}",
      "b.json:1:12: 'tophash-report/1' is not a baseline"
    ),
    ("{\"schema\": \"tophash-baseline/1\"}", "b.json:1:1: 'findings' is missing"),
    (
      "{\"findings\": [\n{\"fingerprint\": \"x\"}], \"schema\": \"tophash-baseline/1\"}",
      "b.json:2:17: a fingerprint such as 'T-4f1c09ab' was expected"
    ),
  ])
  func `a mistake is told with its place`(text: String, place: String) {
    let error = #expect(throws: TextFailure.self) {
      try Baseline(path: "b.json", text: Array(text.utf8))
    }
    #expect(error?.place == place)
  }

  @Test func `damage is told, or does no harm`() {
    let bytes = Array(baseline.text.utf8)
    for damaged in mutations(of: bytes, in: 0..<bytes.count, seeds: 0..<1000) {
      _ = try? Baseline(path: "b.json", text: damaged)
    }
    for length in 0..<(bytes.count - 2) {
      #expect(throws: TextFailure.self) {
        try Baseline(path: "b.json", text: Array(bytes.prefix(length)))
      }
    }
  }
}
