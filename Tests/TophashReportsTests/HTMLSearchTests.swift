import Foundation
import Testing
import TophashTestSupport

@testable import TophashReports

/// The page's search, in a browser where there is one.
@Suite struct HTMLSearchTests {
  static let browser = Tool.path("chromium") ?? Tool.path("google-chrome")

  @Test(
    .enabled(if: browser != nil),
    arguments: [
      ("", 4), ("inventory", 1), ("INVENTORY stock", 1), ("prices", 1), ("inventory prices", 0),
      ("RACE (caught)", 3), ("  ", 4), ("<script>", 1), ("no such word", 0),
    ])
  func `what does not hold all the words is hidden, and what holds them is not`(
    _ words: String, _ count: Int
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = folder.appending(path: "page.html")
    let html = ReportForm.html.reporter(GoldenReport.context).text(for: GoldenReport.report)
    // Types the words, and writes down which findings can be seen then.
    let typing = """
      <script>
        search.value = \(String(decoding: try JSONEncoder().encode(words), as: UTF8.self));
        search.dispatchEvent(new Event("input"));
        const seen = [...document.querySelectorAll(".finding")].filter(it => it.checkVisibility());
        document.documentElement.dataset.seen = seen.length + (search.checkVisibility() ? "" : "!");
      </script>
      """
    try Data((html + typing).utf8).write(to: page)
    let run = try Command(
      path: #require(Self.browser),
      arguments: [
        "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder.path)/profile",
        "--dump-dom", page.absoluteString,
      ]
    ).run()
    #expect(run.output.contains("data-seen=\"\(count)\""), "\(run.output.prefix(200))\(run.errors)")
  }
}
