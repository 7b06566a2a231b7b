import CTophashWatchpoint
import Foundation
import TophashTestSupport

/// The program whose variables are watched, and one that keeps watchpoints from others.
enum WatchedProgram {
  static let release = Result { try compile("ledger", ["-O"]) }
  static let debug = Result { try compile("ledger-debug", ["-Onone"]) }
  static let forbidden = Result {
    let path = "\(Program.directory)/forbidden"
    try Tool.run(["clang", "\(Program.sources)/C/forbidden.c", "-o", path])
    return path
  }

  private static func compile(_ name: String, _ options: [String]) throws -> String {
    let path = "\(Program.directory)/\(name)"
    try Tool.run(
      ["swiftc", "-g", "-parse-as-library", "-module-name", "Ledger"] + options
        + ["\(Program.sources)/Watch/Ledger.swift", "-o", path])
    return path
  }

  /// Whether this machine lends watchpoints to its users: virtual ones may not.
  static let hasWatchpoints: Bool = {
    let watchpoint = tophash_watchpoint_open()
    if watchpoint >= 0 { close(watchpoint) }
    return watchpoint >= 0
  }()

  /// Runs `tophash watch` on it, and reads the JSON report.
  static func watch(
    _ options: [String], _ arguments: [String], program: Result<String, Error> = release
  ) throws -> (run: Command.Result, report: [String: Any]) {
    let run = try BuiltTool.run(
      ["watch", "--reporter", "json"] + options + ["--", program.get()] + arguments)
    // The program's own output comes first.
    let start = run.output.firstIndex(of: "{") ?? run.output.endIndex
    let object = try? JSONSerialization.jsonObject(with: Data(run.output[start...].utf8))
    return (run, object as? [String: Any] ?? [:])
  }
}
