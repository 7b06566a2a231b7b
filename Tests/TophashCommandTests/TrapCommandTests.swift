import Foundation
import Testing
import TophashTestSupport

/// `tophash run` with what earlier runs learned, and with what ran.
@Suite struct TrapCommandTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "tophash-\(UUID())")
  private var example: String { BuiltTool.directory + "/Inventory" }

  @Test func `runs learn from each other, and leave a file`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: ".tophash/traps.json").path
    let run = try BuiltTool.run(["run", "--runs", "2", "--traps", path, "--", example])
    #expect(run.end == .exited(66))
    #expect(run.output.components(separatedBy: "on the shelf:").count == 3)
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    let traps = lines.filter { $0.contains("\"image\":\"Inventory\"") }
    #expect(traps.count >= 2)
    #expect(traps == traps.sorted { symbol($0) < symbol($1) })
    for symbol in ["$s9InventoryAAC3add_5countySS_SitF", "$s9InventoryAAC6remove_5countySS_SitF"] {
      #expect(traps.count { $0.contains("\"symbol\":\"\(symbol)\"") } == 1)
    }
  }

  private func symbol(_ line: Substring) -> Substring {
    line[line.range(of: "\"symbol\":")!.upperBound...]
  }

  @Test func `a trap file that cannot be used is said, and the program runs`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appending(path: "traps.json").path
    for (text, words) in [
      ("{\"sch", "is no trap file, or damaged; it is kept as '\(path).damaged'\n"),
      (#"{"schema":"tophash-traps/7"}"#, "of another version"),
    ] {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let run = try BuiltTool.run(["run", "--traps", path, "--", example])
      #expect(run.end == .exited(66))
      #expect(run.errors.components(separatedBy: words).count == 2, "\(run.errors)")
    }
    let run = try BuiltTool.run(["run", "--traps", "/proc/traps.json", "--", example])
    #expect(run.end == .exited(66))
    #expect(run.errors.contains("could not be saved in '/proc/traps.json'"))
  }

  @Test func `a trap file may have a name of one letter`() throws {
    let directory = try TemporaryDirectory()
    let run = try BuiltTool.run(
      ["run", "--quiet", "--traps", "t", "--", example], in: directory.path)
    #expect(run.end == .exited(66))
    #expect(run.output.contains("race (caught): "))
    #expect(directory.files == ["t"])
  }

  @Test func `coverage says what ran and what was shared`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appending(path: "coverage.json").path
    let run = try BuiltTool.run(["run", "--coverage", path, "--", example])
    #expect(run.end == .exited(66))
    let value = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
    let binaries = try #require(value as? [[String: Any]])
    let binary = try #require(binaries.first)
    #expect(binaries.count == 1)
    #expect((binary["totals"] as? [String: Any])?["shared"] as? Int == 1)
    let variables = try #require(binary["variables"] as? [[String: Any]])
    let stock = try #require(variables.first { $0["name"] as? String == "Inventory.stock" })
    let sites = try #require(stock["sites"] as? [[String: Any]])
    #expect(sites.count { $0["ran"] as? Bool == true } >= 2)
    #expect(sites.contains { $0["shared"] as? Bool == true })
  }

  @Test(arguments: [["--runs", "0"], ["--runs", "x"], ["--runs", "1001"]])
  func `a wrong number of runs`(options: [String]) throws {
    #expect(try BuiltTool.run(["run"] + options + ["--", example]).end == .exited(64))
  }
}
