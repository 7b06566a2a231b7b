import Foundation
import TophashTestSupport

/// The `tophash` that was built beside this test.
enum BuiltTool {
  /// Where the build left the tool, the probe library and this test.
  static let directory: String =
    URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().path(percentEncoded: false)

  static var path: String { directory + "/tophash" }

  static func command(
    _ arguments: [String], environment: [String: String] = [:], in directory: String? = nil
  ) -> Command {
    Command(path: path, arguments: arguments, environment: environment, directory: directory)
  }

  static func run(
    _ arguments: [String], environment: [String: String] = [:], in directory: String? = nil
  ) throws -> Command.Result {
    try command(arguments, environment: environment, in: directory).run()
  }

  /// Runs a program, named as a user in its folder would.
  static func run(
    _ options: [String] = [], _ program: Program, _ arguments: [String] = [],
    environment: [String: String] = [:]
  ) throws -> Command.Result {
    try run(
      ["run"] + options + ["--", program.word] + arguments, environment: environment,
      in: Program.directory)
  }
}
