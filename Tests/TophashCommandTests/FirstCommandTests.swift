import Foundation
import Testing

/// What a newcomer does first: the built `tophash`, on the bundled example and on other programs.
@Suite struct FirstCommandTests {
  @Test func `without a program the bundled example shows a finding`() throws {
    let run = try BuiltTool.run(["run"])
    #expect(run.status == 66)
    let first = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("race") })
    #expect(
      first
        == "race (caught): two tasks changed Inventory.stock : [String: Int] at the same time")
    for part in [
      "\"restock\"   modify   ", "\"order\"     modify   ", "Inventory.swift:19",
      "Inventory.swift:24", "Inventory.add(_:count:)", "Inventory.remove(_:count:)",
      "[T-01082847]",
    ] {
      #expect(run.output.contains(part), "\(part) is not in \(run.output)")
    }
    #expect(run.errors.contains("running the bundled example, Inventory"))
  }

  @Test func `a program that is not there is 127`() throws {
    let run = try BuiltTool.run(["run", "--", "./no-such-program"])
    #expect(run.status == 127)
    #expect(run.output.isEmpty)
    #expect(run.errors.hasPrefix("tophash: error: "))
    #expect(run.errors.split(separator: "\n").count == 1)
  }

  @Test func `wrong usage is 64`() throws {
    #expect(try BuiltTool.run(["run", "--no-such-option"]).status == 64)
  }

  @Test func `output and status of a program without Swift pass through, and it is said`() throws {
    let run = try BuiltTool.run(["run", "--", "/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    #expect(run.output == "out\n")
    #expect(run.errors.hasPrefix("err\n"))
    #expect(run.errors.contains("nothing was checked"))
  }
}

/// The `tophash` that was built beside this test.
enum BuiltTool {
  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  static let directory: URL = {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    return program.deletingLastPathComponent()
  }()

  static func run(_ arguments: [String]) throws -> Result {
    let process = Process()
    process.executableURL = directory.appending(path: "tophash")
    process.arguments = arguments
    let files = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: files) }
    let paths = [files.appending(path: "output"), files.appending(path: "errors")]
    for path in paths { try Data().write(to: path) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: paths[0])
    process.standardError = try FileHandle(forWritingTo: paths[1])
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: paths[0]), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: paths[1]), as: UTF8.self))
  }
}
