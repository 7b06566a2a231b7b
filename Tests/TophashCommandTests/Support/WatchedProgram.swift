import CTophashWatchpoint
import Foundation
import TophashTestSupport

/// The program whose variables are watched, and one that keeps watchpoints from others.
enum WatchedProgram {
  static let release = Result { try compile("ledger", ["-O"]) }
  static let debug = Result { try compile("ledger-debug", ["-Onone"]) }
  /// With the library of dictionaries, as a release build of a package has it.
  static let directory = Result { try compileWithLibrary("directory") }
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

  private static func compileWithLibrary(_ name: String) throws -> String {
    let sources = "\(Program.sources)/../../../Sources"
    let library = "\(Program.directory)/library"
    try FileManager.default.createDirectory(
      atPath: library, withIntermediateDirectories: true)
    let headers = "\(sources)/CTophashThread/include"
    let map = "module CTophashThread { umbrella \"\(headers)\" export * }\n"
    try Data(map.utf8).write(to: URL(filePath: "\(library)/module.modulemap"))
    for source in files(in: "\(sources)/CTophashThread", ".c") {
      let object = "\(library)/\(URL(filePath: source).lastPathComponent).o"
      try Tool.run(
        [
          "clang", "-O2", "-fno-omit-frame-pointer", "-I\(headers)", "-c", source, "-o", object,
        ])
    }
    let options = [
      "-swift-version", "6", "-O", "-g", "-wmo", "-Xcc", "-fno-omit-frame-pointer", "-Xcc",
      "-fmodule-map-file=\(library)/module.modulemap",
    ]
    try Tool.run(
      [
        "swiftc", "-parse-as-library", "-module-name", "Tophash", "-emit-module", "-emit-object",
        "-o", "\(library)/tophash.o", "-emit-module-path", "\(library)/Tophash.swiftmodule",
      ]
        + options
        + ["FailFastDictionary", "Hashing", "Primitives"].flatMap {
          files(in: "\(sources)/Tophash/\($0)", ".swift")
        })
    let path = "\(Program.directory)/\(name)"
    try Tool.run(
      ["swiftc", "-parse-as-library", "-module-name", "Directory", "-I\(library)"] + options
        + ["\(Program.sources)/Watch/Directory.swift"] + files(in: library, ".o") + ["-o", path])
    return path
  }

  private static func files(in folder: String, _ ending: String) -> [String] {
    (FileManager.default.subpaths(atPath: folder) ?? []).filter { $0.hasSuffix(ending) }.sorted()
      .map { "\(folder)/\($0)" }
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
    let (run, text) = try report(options, arguments, program: program)
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    return (run, object as? [String: Any] ?? [:])
  }

  /// The same, with the report as it was written.
  static func report(
    _ options: [String], _ arguments: [String], program: Result<String, Error>
  ) throws -> (run: Command.Result, report: String) {
    let run = try BuiltTool.run(
      ["watch", "--reporter", "json"] + options + ["--", program.get()] + arguments)
    // The program's own output comes first.
    let start = run.output.firstIndex(of: "{") ?? run.output.endIndex
    return (run, String(run.output[start...]))
  }
}
