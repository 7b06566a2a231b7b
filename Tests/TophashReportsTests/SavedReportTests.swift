import Foundation
import Testing
import TophashFindings
import TophashTestSupport

@testable import TophashReports

/// Reports that are read again.
@Suite struct SavedReportTests {
  private func json(_ report: Report) -> String {
    JSONReporter(paths: GoldenReport.paths).text(for: report)
  }

  private func read(_ text: String) throws -> Report {
    try Report(saved: Array(text.utf8), at: "report.json")
  }

  @Test(arguments: [GoldenReport.report, Samples.report(), Samples.report(Samples.finding)])
  func `what was written is read, and written again as it was`(_ report: Report) throws {
    let text = json(report)
    let again = try read(text)
    #expect(json(again) == text)
    for form in ReportForm.allCases where form != .json {
      // Excerpts are read by paths that are relative now.
      let context = ReportForm.Context(
        paths: GoldenReport.paths, source: SourceCache { _ in nil })
      var report = report
      report.remarks = []
      #expect(
        form.reporter(context).text(for: again) == form.reporter(context).text(for: report),
        "\(form)")
    }
  }

  @Test func `it fits the schema`() throws {
    #expect(try JSONReporterTests.schema.errors(in: json(GoldenReport.report)) == [])
  }

  @Test(arguments: [
    ("\"isInlined\" : false,", "", "'isInlined' is missing"),
    ("\"pid\" : 4242", "\"pid\" : \"x\"", "a number was expected"),
    ("\"grade\" : \"caught\"", "\"grade\" : \"maybe\"", "this value is not known"),
    ("\"offset\" : \"0x10\"", "\"offset\" : \"16\"", "an offset such as '0x1f40' was expected"),
    (
      "\"fingerprint\" : \"T-", "\"fingerprint\" : \"T",
      "a fingerprint such as 'T-4f1c09ab' was expected"
    ),
    ("\"isHeld\" : true", "\"isHeld\" : 1", "true or false was expected"),
    ("\"isHeld\" : true", "\"isHeld\" : null", "true or false was expected"),
    ("\"isHeld\" : true", "\"isHeld\" : tru", "a value was expected"),
    ("\"isHeld\" : true,", "\"isHeld\" : true", "',' or '}' was expected"),
    (
      "tophash-report/1", "tophash-report/2",
      "'tophash-report/2' is another version than 'tophash-report/1'"
    ),
    ("tophash-report/1", "tophash-traps/1", "'tophash-traps/1' is not a report"),
  ])
  func `a mistake is told with its place`(right: String, wrong: String, what: String) throws {
    let text = json(GoldenReport.report)
    let place = try #require(text.firstRange(of: right))
    let changed = text.replacingCharacters(in: place, with: wrong)
    let error = #expect(throws: TextFailure.self) { try read(changed) }
    #expect(error?.place.hasSuffix(what) == true, "\(error?.description ?? "")")
    // In the very line that was changed; what is missing is told of the object.
    let line = text[..<place.lowerBound].count { $0 == "\n" } + 1
    if !what.contains("missing"), !what.contains("','") { #expect(error?.line == line) }
  }

  /// Cut anywhere, a text is no report, and it is said where it ends.
  @Test func `a text that was cut is told where`() throws {
    let bytes = Array(json(Samples.report(Samples.finding)).utf8)
    for length in stride(from: 0, to: bytes.count - 2, by: 7) {
      let error = #expect(throws: TextFailure.self) {
        try Report(saved: Array(bytes.prefix(length)), at: "cut.json")
      }
      let lines = bytes.prefix(length).count { $0 == UInt8(ascii: "\n") } + 1
      #expect(error?.line == lines)
    }
  }

  /// Damaged, a text is told to be, or is another report that every form can be made of.
  @Test func `damage is told, or does no harm`() throws {
    let bytes = Array(json(Samples.report(Samples.finding)).utf8)
    var survivors = 0
    let damage = Array(mutations(of: bytes, in: 0..<bytes.count, seeds: 0..<200))
    for damaged in damage + letters(of: bytes, seeds: 0..<200) {
      guard let report = try? Report(saved: damaged, at: "damaged.json") else { continue }
      survivors += 1
      for form in ReportForm.allCases {
        let text = form.reporter(GoldenReport.context).text(for: report)
        if form.isDocument { #expect(!text.isEmpty) }
      }
      _ = Report.merged([report, report]).compared(to: report)
      _ = SummaryText(report).lines
    }
    // Else nothing behind the reader was tried.
    #expect(survivors > 100)
  }

  /// Copies in which letters and digits are others, so that many are reports still.
  private func letters(of input: [UInt8], seeds: Range<UInt64>) -> [[UInt8]] {
    seeds.map { seed in
      var random = SeededGenerator(seed: seed)
      var bytes = input
      for place in bytes.indices.shuffled(using: &random).prefix(40) {
        switch bytes[place] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
          bytes[place] = .random(in: UInt8(ascii: "0")...UInt8(ascii: "9"), using: &random)
        case UInt8(ascii: " "): bytes[place] = UInt8(ascii: "\n")
        default: break
        }
      }
      return bytes
    }
  }

  @Test func `numbers at the edge of what they can be do no harm`() throws {
    let text = json(Samples.report(Samples.finding))
      .replacing("\"occurrences\" : 1204", with: "\"occurrences\" : 18446744073709551615")
      .replacing("\"lockConflicts\" : 0", with: "\"lockConflicts\" : 9223372036854775807")
      .replacing("\"possiblyOrdered\" : 0", with: "\"possiblyOrdered\" : -9223372036854775808")
      .replacing("\"line\" : 5", with: "\"line\" : 9223372036854775807")
      .replacing("\"column\" : 3", with: "\"column\" : -9223372036854775808")
    let report = try read(text)
    let merged = Report.merged([report, report])
    for form in ReportForm.allCases {
      _ = form.reporter(GoldenReport.context).text(for: merged)
    }
  }
}
