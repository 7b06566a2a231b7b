import Foundation
import Testing
import TophashTestSupport

/// `tophash test`, and `tophash run -- swift test --skip-build`, on a small package, which is built
/// once for all.
@Suite(.serialized) struct SwiftTestTests {
  private static let package = Result { try build() }

  /// Copies the package to a folder of its own, and builds its tests.
  private static func build() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for part in ["Package.swift", "Sources", "Tests"] {
      _ = try directory.copy("\(Program.sources)/Warehouse/\(part)", as: part)
    }
    try Tool.run(["swift", "build", "--build-tests", "--package-path", directory.path])
    return directory
  }

  private func test(_ filter: String, _ options: [String] = []) throws -> Command.Result {
    try BuiltTool.run(
      ["run"] + options + ["--", "swift", "test", "--skip-build", "--filter", filter],
      in: Self.package.get().path)
  }

  @Test func `races in XCTest and in Swift Testing are both found`() throws {
    let run = try test("Racy", ["--reporter", "json", "--output", "report.json"])
    #expect(run.end == .exited(66))
    // All that swift test says is there, and it passed by itself.
    #expect(run.output.contains("Test Case 'RacyXCTests.testDeliveriesMeet' passed"))
    #expect(run.output.contains("✔ Test \"orders meet\" passed"))
    let report = try JSONValue(text(of: Self.package.get().path + "/report.json"))
    #expect(report["run"]["exitStatus"].number == 0)
    let findings = report["findings"].array
    // Whoever had begun first is named first.
    let messages = findings.compactMap { $0["message"].text }.map {
      $0.replacing("a thread and a task", with: "a task and a thread")
    }
    #expect(
      Set(messages) == [
        "two threads changed Stock.shelf : [String: Int] at the same time",
        "a task and a thread changed Stock.orders : [String: Int] at the same time",
      ])
    for finding in findings {
      for side in finding["sides"].array {
        #expect(side["site"]["location"]["file"].text == "Sources/Warehouse/Stock.swift")
        #expect(
          side["stack"].array.contains {
            $0["location"]["file"].text == "Tests/WarehouseTests/RacyTests.swift"
          })
      }
      #expect(finding["processes"].array.count == 1)
    }
    // Each library's tests have their own process; the package manager's are not among them.
    #expect(Set(findings.map { $0["processes"][0]["pid"].number }).count == 2)
    for process in report["processes"].array {
      #expect(process["program"].text.hasSuffix("/WarehousePackageTests.xctest"))
    }
  }

  @Test func `their fixed twins are silent`() throws {
    let run = try test("Fixed")
    #expect(run.end == .exited(0))
    #expect(run.output.contains("Test Case 'FixedXCTests.testDeliveriesTakeTurns' passed"))
    #expect(run.output.contains("✔ Test \"deliveries take turns\" passed"))
    #expect(!run.output.contains("race (caught)"))
    #expect(run.errors.contains("tophash: nothing found in "))
  }

  @Test func `a test that fails keeps its output and its status`() throws {
    let run = try test("Failing", ["--quiet"])
    #expect(run.end == .exited(1))
    #expect(run.output.contains("✘ Test \"more is expected than was delivered\" failed"))
    #expect(!run.output.contains("race (caught)"))
  }

  @Test func `tophash test names the test of each finding`() throws {
    let package = try Self.package.get().path
    let run = try BuiltTool.run(["test", "--seed", "7", "--filter", "Racy"], in: package)
    #expect(run.end == .exited(66))
    #expect(run.output.contains("Build complete!"))
    #expect(run.output.contains("Test Case 'RacyXCTests.testDeliveriesMeet' passed"))
    for (variable, test) in [
      ("shelf", "RacyXCTests.testDeliveriesMeet()"), ("orders", "RacySwiftTests.`orders meet`()"),
    ] {
      let report = try #require(
        run.output.firstRange(of: " changed Stock.\(variable) : [String: Int] at the same time\n"))
      let lines = run.output[report.upperBound...].split(separator: "\n").prefix(3)
      #expect(lines.last == "  in test \(test)")
      #expect(run.errors.contains("tophash: in test \(test): 1 finding\n"))
    }
    #expect(run.output.contains("\n  again: tophash test --seed 7 --filter Racy\n"))
    // The next run begins with what this one learned.
    #expect(text(of: package + "/.tophash/traps.json").contains("tophash-traps/1"))
  }

  @Test func `tests that disturb each other are both named`() throws {
    let run = try BuiltTool.run(["test", "--filter", "Shared"], in: Self.package.get().path)
    #expect(run.end == .exited(66))
    #expect(
      run.output.contains(
        "\n  between two tests: SharedStockTests.`another orders`()"
          + " and SharedStockTests.`one orders`()\n"))
    #expect(run.errors.contains("tophash: in test SharedStockTests.`one orders`(): 1 finding\n"))
  }

  @Test func `tophash test keeps the status of tests without a finding`() throws {
    let package = try Self.package.get().path
    let fixed = try BuiltTool.run(["test", "--filter", "Fixed"], in: package)
    #expect(fixed.end == .exited(0))
    #expect(!fixed.output.contains("race (caught)"))
    let failing = try BuiltTool.run(["test", "--quiet", "--filter", "Failing"], in: package)
    #expect(failing.end == .exited(1))
    #expect(failing.output.contains("✘ Test \"more is expected than was delivered\" failed"))
  }
}
