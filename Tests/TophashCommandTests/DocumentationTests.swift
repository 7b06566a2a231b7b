import Foundation
import Testing
import TophashTestSupport

/// The documentation that is read in a browser.
@Suite(.enabled(if: Tool.path("docc") != nil, "the toolchain has no docc"))
struct DocumentationTests {
  private static let catalog =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path(percentEncoded: false)
    + "Sources/TophashCommand/Tophash.docc"

  private func convert(_ catalog: String, to directory: TemporaryDirectory) throws -> Command.Result
  {
    try Command(
      path: #require(Tool.path("docc")),
      arguments: [
        "convert", catalog, "--output-dir", directory.path + "/archive", "--warnings-as-errors",
      ]
    ).run()
  }

  @Test func `the catalogue is converted without a warning`() throws {
    let directory = try TemporaryDirectory()
    let run = try convert(Self.catalog, to: directory)
    #expect(run.end == .exited(0), "\(run.output)\(run.errors)")
    for article in ["tophash", "tophash/readingareport", "tophash/whatisseen"] {
      #expect(
        FileManager.default.fileExists(
          atPath: "\(directory.path)/archive/data/documentation/\(article).json"))
    }
  }

  @Test func `a link that leads nowhere is noticed`() throws {
    let directory = try TemporaryDirectory()
    let copy = try directory.copy(Self.catalog, as: "Tophash.docc")
    try directory.write(
      "Tophash.docc/WhatIsSeen.md",
      text(of: copy + "/WhatIsSeen.md") + "\nSee <doc:NoSuchArticle>.\n")
    #expect(try convert(copy, to: directory).end != .exited(0))
  }
}
