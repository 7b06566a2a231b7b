import Foundation
import Testing
import TophashTestSupport

/// The README's section *In your CI*, followed by a small package with a racy test.
@Suite(.serialized) struct ContinuousIntegrationTests {
  private static let package = Result { try preparedPackage() }
  private static let installation = Result { try install() }

  private static let root = String(
    #filePath.dropLast("/Tests/TophashCommandTests/ContinuousIntegrationTests.swift".count))

  /// The package, with a cart that is not guarded, or that is.
  private func package(_ cart: String) throws -> TemporaryDirectory {
    let package = try Self.package.get()
    try package.write(
      "Sources/Cart/Cart.swift", text(of: "\(Program.sources)/Cart/\(cart)/Cart.swift"))
    return package
  }

  private static func preparedPackage() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for part in ["Sources", "Tests"] {
      _ = try directory.copy("\(Program.sources)/Cart/\(part)", as: part)
    }
    let manifest = text(of: "\(Program.sources)/Cart/Package.swift")
    try directory.write("Package.swift", manifest.replacing("TOPHASH", with: root))
    return directory
  }

  /// Runs `make install`, with what is built already, and moves what came of it.
  private static func install() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    try make("install", into: "\(directory.path)/first")
    try FileManager.default.moveItem(
      atPath: "\(directory.path)/first", toPath: "\(directory.path)/moved")
    return directory
  }

  private static func make(_ target: String, into prefix: String) throws {
    try Tool.run([
      "make", "--silent", "-C", root, "--old-file=build", target, "PREFIX=\(prefix)",
      "PRODUCTS=\(BuiltTool.directory)",
    ])
  }

  /// The commands that the section says to run in the package.
  private static let commands: String = {
    let section = text(of: root + "/README.md").components(separatedBy: "\n## In your CI\n").last
    let blocks = (section ?? "").components(separatedBy: "```")
    return blocks.first { $0.hasPrefix("\ntophash test") } ?? "false"
  }()

  private func follow(_ commands: String = Self.commands) throws -> Command.Result {
    let bin = try Self.installation.get().path + "/moved/bin"
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let sh = try #require(Tool.path("sh"))
    return try Command(
      path: sh, arguments: ["-e", "-c", commands], environment: ["PATH": "\(bin):\(path)"],
      directory: Self.package.get().path
    ).run()
  }

  @Test func `a race fails the test, at the line of the access, and the job`() throws {
    let package = try package("Sources/Cart")
    let run = try follow()
    #expect(run.end == .exited(66), "\(run.errors)")
    // The test itself, and only that one.
    let issue = """
      ✘ Test "two at once" recorded an issue at Cart.swift:8:14: Issue recorded
      ↳ race (caught): a task and a thread changed Cart.prices : [String: Int] at the same time
      """
    #expect(run.output.contains(issue))
    #expect(text(of: Self.root + "/README.md").contains(issue))
    #expect(run.output.contains("✔ Test \"one after the other\" passed"))
    // An annotation in the place where it was written.
    #expect(run.output.contains("::error file=Sources/Cart/Cart.swift,line=8,"))
    #expect(run.errors.contains("tophash: in test CartTests.`two at once`(): 1 finding\n"))
    let sarif = try JSONValue(text(of: package.path + "/tophash.sarif"))
    #expect(sarif["version"].text == "2.1.0")
    let place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    #expect(place["artifactLocation"]["uri"].text == "Sources/Cart/Cart.swift")
    #expect(place["region"]["startLine"].number == 8)
    #expect(text(of: package.path + "/tophash.html").contains("Cart.prices"))
  }

  @Test func `after the repair everything is green`() throws {
    let package = try package("Fixed")
    let run = try follow()
    #expect(run.end == .exited(0), "\(run.output)\(run.errors)")
    #expect(run.output.contains("✔ Test \"two at once\" passed"))
    #expect(!run.output.contains("::error"))
    let sarif = try JSONValue(text(of: package.path + "/tophash.sarif"))
    #expect(sarif["runs"][0]["results"].array.isEmpty)
  }

  @Test func `XCTest fails the very test, too`() throws {
    _ = try package("Sources/Cart")
    let run = try follow("tophash test --filter CartXCTests")
    #expect(run.end == .exited(66), "\(run.errors)")
    let said = run.output + run.errors
    #expect(
      said.contains(
        "Cart.swift:8: error: CartXCTests.testTwoAtOnce : race (caught): two threads changed"
          + " Cart.prices : [String: Int] at the same time"), "\(said)")
    for passed in ["testKnown", "testOneAfterTheOther"] {
      #expect(said.contains("Test Case 'CartXCTests.\(passed)' passed"), "\(said)")
    }
    #expect(run.errors.contains("1 known conflict left out"))
  }

  @Test func `without the probe the trait says so once, and does nothing`() throws {
    _ = try package("Sources/Cart")
    let run = try follow("swift test --filter CartTests")
    #expect(run.end == .exited(0), "\(run.output)\(run.errors)")
    let notice =
      "TophashTesting: these tests do not run under Tophash, so conflicts are not looked for;"
      + " run them with 'tophash test'"
    #expect((run.output + run.errors).components(separatedBy: notice).count == 2)
  }

  @Test func `a hook that cannot tell tests apart is named as such`() throws {
    _ = try package("Sources/Cart")
    let run = try follow("tophash test --hook interpose --filter CartTests")
    #expect(run.end == .exited(66), "\(run.output)\(run.errors)")
    #expect(run.output.contains("✔ Test \"two at once\" passed"))
    #expect(
      (run.output + run.errors).contains(
        "TophashTesting: Tophash cannot tell tests apart with this hook, so conflicts fail no test;"
          + " they are in its report\n"))
  }

  @Test func `an order of tasks that fails is found, and told as the README does`() throws {
    let package = try package("Sources/Cart")
    let file = "Tests/CartTests/TillTests.swift"
    let source = text(of: "\(Program.sources)/Cart/Explored/TillTests.swift")
    defer { try? FileManager.default.removeItem(atPath: "\(package.path)/\(file)") }
    // The README's test.
    let readme = text(of: Self.root + "/README.md")
    let body = try #require(source.firstRange(of: "  @Test func `two sales`"))
    let next = try #require(source.firstRange(of: "\n  @Test func `two labels`"))
    #expect(readme.contains(unindented(source[body.lowerBound..<next.lowerBound])))

    try package.write(file, source)
    let run = try follow("swift test --filter TillTests")
    #expect(run.end == .exited(1), "\(run.errors)")
    let first = try #require(run.output.firstRange(of: "✘ Test \"two sales\" recorded an issue"))
    let lines = run.output[first.lowerBound...].split(separator: "\n").prefix(5)
    #expect(readme.contains(lines.joined(separator: "\n")), "\(lines.joined(separator: "\n"))")

    #expect(lines.last?.contains(#/again: @Test\(\.replay\("tasks1 .*"\)\)/#) == true)

    // What happens within a step takes the whole process under control.
    #expect(run.output.contains("✔ Test \"two labels\" passed"))
    let explored = try follow(
      "tophash explore --schedules 50 -- .build/debug/CartPackageTests.xctest"
        + " --testing-library swift-testing --filter 'two labels'")
    #expect(explored.end == .exited(66), "\(explored.output)\(explored.errors)")
    #expect(explored.output.contains("race: two accesses to one variable at the same moment"))
    #expect(explored.output.contains("modifying Shelf.labels (Tests/CartTests/TillTests.swift:"))
  }

  /// Lines without the two blanks before each.
  private func unindented(_ text: Substring) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix("  ") ? String($0.dropFirst(2)) : String($0) }
      .joined(separator: "\n")
  }

  @Test func `the plugin runs the installed tool, and brings no other package along`() throws {
    _ = try package("Sources/Cart")
    let run = try follow("swift package tophash test --filter 'two at once'")
    #expect(run.end == .exited(1))
    #expect(run.output.contains("race (caught): "))
    #expect(run.errors.contains("error: tophash ended with exit status 66\n"))

    let graph = try follow("swift package show-dependencies --format json")
    let dependencies = try JSONValue(graph.output)["dependencies"].array
    #expect(
      dependencies.map { $0["identity"].text } == [URL(filePath: Self.root).lastPathComponent])
    #expect(dependencies[0]["dependencies"].array.isEmpty)
  }

  @Test func `the guide's workflow is the one in the examples`() {
    let guide = text(of: Self.root + "/Documentation/Guides/ci.md")
    let blocks = guide.components(separatedBy: "```yaml\n").dropFirst()
    let workflow = blocks.first?.components(separatedBy: "```").first
    #expect(workflow == text(of: Self.root + "/Examples/CI/tophash.yml"))
  }

  @Test func `uninstall takes away what was installed, and nothing else`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("bin/other", "")
    try Self.make("install", into: directory.path)
    #expect(
      FileManager.default.isExecutableFile(atPath: directory.path + "/bin/tophash"))
    try Self.make("uninstall", into: directory.path)
    #expect(directory.files == ["bin", "lib"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path + "/bin") == ["other"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/lib") == [])
  }
}
