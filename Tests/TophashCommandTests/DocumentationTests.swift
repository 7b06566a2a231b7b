import Foundation
import Testing
import TophashTestSupport

/// The documentation that is read in a browser, as `Scripts/documentation` builds it.
@Suite(
  .enabled(if: Tool.path("docc") != nil, "the toolchain has no docc"),
  .enabled(if: Tool.path("bash") != nil, "there is no bash"))
struct DocumentationTests {
  private static let root = String(
    #filePath.dropLast("/Tests/TophashCommandTests/DocumentationTests.swift".count))

  /// Builds the site of the sources in `root`, from what was built beside this test.
  private func build(_ root: String, to site: String) throws -> Command.Result {
    try Command(
      path: #require(Tool.path("bash")),
      arguments: ["\(root)/Scripts/documentation", "--skip-build", site],
      environment: ["BUILT": BuiltTool.directory]
    ).run()
  }

  @Test func `the site has all guides, all misuses, all commands and the library`() throws {
    let directory = try TemporaryDirectory()
    let site = directory.path + "/site"
    let run = try build(Self.root, to: site)
    #expect(run.end == .exited(0), "\(run.errors)")
    #expect(run.output == site + "\n")

    func page(_ name: String) -> String {
      text(of: "\(site)/data/documentation/\(name).json").replacing("\\/", with: "/")
    }
    let guides = try FileManager.default.contentsOfDirectory(
      atPath: Self.root + "/Documentation/Guides"
    ).filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }
    for name in guides + ExplainCommandTests.names + ["commands", "concurrentdictionary"] {
      #expect(page("tophash/\(name)").contains("\"metadata\""), "\(name)")
    }
    // As the tool that was just built has it.
    for command in ManualCommandTests.commands {
      #expect(page("tophash/commands").contains("\"tophash \(command)\""))
    }
    #expect(page("tophash/commands").contains("--trap-budget <percent>"))
    // Limits come first, and a page of `explain` leads on to another.
    let start = page("tophash")
    #expect(
      try #require(start.range(of: "what-is-seen")).lowerBound
        < #require(start.range(of: "reading-a-report")).lowerBound)
    #expect(page("tophash/wrong-lock").contains("/documentation/tophash/concurrent-modification"))
  }

  @Test func `a link that leads nowhere is noticed, and the old site stays`() throws {
    let directory = try TemporaryDirectory()
    for folder in ["Documentation", "Scripts"] {
      _ = try directory.copy("\(Self.root)/\(folder)", as: folder)
    }
    try directory.write("Sources/TophashMisuses/file", "")
    _ = try directory.copy(Page.directory, as: "Sources/TophashMisuses/Pages")
    let guide = "Documentation/Guides/trap-file.md"
    try directory.write(
      guide, text(of: "\(directory.path)/\(guide)") + "\nSee [it](no-such-page.md).\n")
    try directory.write("site/index.html", "old")
    let run = try build(directory.path, to: directory.path + "/site")
    #expect(run.end == .exited(1))
    #expect(run.errors.contains("no-such-page"))
    #expect(text(of: directory.path + "/site/index.html") == "old")
  }
}
