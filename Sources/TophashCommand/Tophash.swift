import ArgumentParser
import TophashReports

/// The `tophash` program: arguments in, calls out, nothing clever.
@main
struct Tophash: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tophash",
    abstract: "Finds tasks that touch one Swift collection at the same time.",
    discussion: """
      Checks unmodified programs while they run, and says which variable, which two lines and \
      which two tasks.
      """,
    version: "tophash \(toolVersion)",
    subcommands: [
      Run.self, Test.self, ReportCommand.self, Watch.self, Profile.self, Trace.self,
      Inspect.self, Explore.self, Replay.self, Explain.self, Gallery.self, Config.self, Manual.self,
      Describe.self,
    ]
  )

  /// Does what the arguments say. A mistake in them is told in one line, as every error is.
  static func main() {
    do {
      var command = try parse(Array(CommandLine.arguments.dropFirst()))
      try command.run()
    } catch  where exitCode(for: error) == .validationFailure && !(error is ExitCode) {
      let usage = ToolError(usage: message(for: error), help: fullMessage(for: error))
      Console().complain(usage.line)
      exit(withError: ExitCode(usage.code.rawValue))
    } catch {
      exit(withError: error)
    }
  }

  /// Reads `words`, of which there may be thousands: the parser's time grows with their square, so
  /// it only gets the first ones, which hold all options. The others are the program's.
  private static func parse(_ words: [String]) throws -> any ParsableCommand {
    guard words.count > wordsToParse,
      var command = try parseAsRoot(Array(words.prefix(wordsToParse))) as? any ProgramCommand,
      !command.program.isEmpty
    else { return try parseAsRoot(words) }
    command.program += words.dropFirst(wordsToParse)
    return command
  }

  /// More than all options with their values.
  private static let wordsToParse = 100
}
