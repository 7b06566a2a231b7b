/// One run of a program: what was run, with which choices, and how it ended.
package struct Run: Hashable, Sendable {
  /// Program and arguments; empty for the bundled example.
  package var command: [String]
  package var seed: UInt64
  /// The options that change what a run may find, in the form in which they are typed.
  package var options: [String]
  package var end: ProcessEnd
  /// Whether it was Tophash that ended the program, at its first finding.
  package var isHalted: Bool
  package var subcommand: Subcommand

  /// Which of `tophash`'s commands ran the program.
  package enum Subcommand: String, Hashable, Sendable, Codable {
    case run
    /// The command is `swift test` with its arguments.
    case test
    /// The options say what is watched; nothing is left to chance.
    case watch
  }

  package init(
    command: [String], seed: UInt64, options: [String] = [], end: ProcessEnd,
    isHalted: Bool = false, subcommand: Subcommand = .run
  ) {
    self.command = command
    self.seed = seed
    self.options = options
    self.end = end
    self.isHalted = isHalted
    self.subcommand = subcommand
  }

  /// What to type to run the program again with the same choices.
  package var repeatCommand: String {
    let words = ["tophash", subcommand.rawValue, "--seed", String(seed)] + options
    return switch subcommand {
    case .run: ShellWords.joined(words + (command.isEmpty ? [] : ["--"] + command))
    case .test: ShellWords.joined(words + command.dropFirst(2))
    case .watch: ShellWords.joined(["tophash", "watch"] + options + ["--"] + command)
    }
  }
}
