import TophashFindings

/// Everything that one run has to tell, for reporters to put into their forms.
package struct Report: Sendable {
  package var findings: [Finding]
  package var session: Session
  /// Conflicts that were about a lock, and so none.
  package var lockConflicts: Int
  /// Unordered conflicts that were left out, since code on both sides may order them unseen.
  package var possiblyOrdered: Int
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
  }

  package init(
    findings: [Finding], session: Session, lockConflicts: Int, possiblyOrdered: Int = 0,
    command: [String], seed: UInt64,
    options: [String] = [], end: ProcessEnd, isHalted: Bool = false,
    subcommand: Subcommand = .run
  ) {
    self.findings = findings
    self.session = session
    self.lockConflicts = lockConflicts
    self.possiblyOrdered = possiblyOrdered
    self.command = command
    self.seed = seed
    self.options = options
    self.end = end
    self.isHalted = isHalted
    self.subcommand = subcommand
  }

  /// What the probe saw, over the user's processes.
  package var coverage: Coverage { Coverage(session.subjects) }

  /// What to type to run the program again with the same choices.
  package var repeatCommand: String {
    let words = ["tophash", subcommand.rawValue, "--seed", String(seed)] + options
    return switch subcommand {
    case .run: ShellWords.joined(words + (command.isEmpty ? [] : ["--"] + command))
    case .test: ShellWords.joined(words + command.dropFirst(2))
    }
  }
}
