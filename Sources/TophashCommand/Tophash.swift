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
    subcommands: [Run.self, Inspect.self]
  )
}
