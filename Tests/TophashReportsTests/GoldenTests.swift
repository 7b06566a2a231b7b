import Foundation
import Testing
import TophashTestSupport

@testable import TophashReports

/// Every form of one report, as it was looked at and found good.
///
/// After a change that is meant, `TOPHASH_GOLDEN=write swift test --filter GoldenTests` writes the
/// files anew; their difference is what a reviewer reads.
@Suite struct GoldenTests {
  static let folder =
    URL(filePath: #filePath).deletingLastPathComponent().path(percentEncoded: false) + "Golden/"

  static func file(_ form: ReportForm) -> String {
    let ending =
      switch form {
      case .text, .xcode, .github: "txt"
      case .json, .gitlab: "json"
      case .sarif: "sarif"
      case .junit: "xml"
      case .markdown: "md"
      case .html: "html"
      }
    return folder + "\(form.rawValue).\(ending)"
  }

  @Test(arguments: ReportForm.allCases)
  func `a form is as it was`(_ form: ReportForm) throws {
    let text = form.reporter(GoldenReport.context).text(for: GoldenReport.report)
    let file = Self.file(form)
    if ProcessInfo.processInfo.environment["TOPHASH_GOLDEN"] == "write" {
      try Data(text.utf8).write(to: URL(filePath: file))
    }
    let golden = TophashTestSupport.text(of: file)
    try #require(!golden.isEmpty, "no golden file \(file)")
    // One line that differs says more than two files.
    let lines = zip(text.split(separator: "\n"), golden.split(separator: "\n"))
    if let (new, old) = lines.first(where: { $0 != $1 }) { #expect(new == old) }
    #expect(text == golden)
  }

  @Test(arguments: ReportForm.allCases)
  func `nothing found is a whole text, too`(_ form: ReportForm) {
    let text = form.reporter(GoldenReport.context).text(for: Samples.report())
    #expect(text.isEmpty || text.hasSuffix("\n"))
    #expect(text.isEmpty == [.text, .xcode, .github].contains(form))
  }
}
