import Foundation
import Synchronization
import TophashTestSupport

/// A program that the tests explore, compiled when one first asks for it.
enum Explored: String, CaseIterable {
  case account = "Account"
  case deadlock = "Deadlock"
  case locked = "Locked"
  case oneShot = "OneShot"
  case overlap = "Overlap"
  case shapes = "Shapes"
  case sleepers = "Sleepers"
  case tasks = "Tasks"
  case world = "World"

  /// The compiled file.
  var path: String {
    get throws {
      try Self.compiled.withLock { compiled in
        let path = "\(Self.directory)/\(rawValue)"
        if compiled.insert(self).inserted {
          let options = [.tasks, .shapes, .sleepers, .world].contains(self) ? ["-parse-as-library"] : []
          try Tool.run(
            ["swiftc", "-g", "-module-name", "Program"] + options
              + ["\(Self.sources)/\(rawValue).swift", "-o", path])
        }
        return path
      }
    }
  }

  /// Where they are; it goes when this process does.
  static var directory: String { folder.path }

  private static let folder: TemporaryDirectory = {
    guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory") }
    atexit { Explored.folder.remove() }
    return directory
  }()

  private static let compiled = Mutex<Set<Explored>>([])
  private static let sources =
    String(#filePath.dropLast("Support/Explored.swift".count)) + "Programs"

  /// Where the build left the tool, the library and this test.
  static let products: String =
    URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().path(percentEncoded: false)

  /// Runs `tophash` in the programs' folder.
  static func tophash(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Command.Result {
    try Command(
      path: products + "/tophash", arguments: arguments, environment: environment,
      directory: directory
    ).run()
  }

  /// Explores this program.
  func explore(_ options: [String] = [], _ arguments: [String] = []) throws -> Command.Result {
    _ = try path
    return try Self.tophash(
      ["explore", "--jobs", "1"] + options + ["--", "./\(rawValue)"] + arguments)
  }
}
