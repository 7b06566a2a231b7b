import TophashFindings

/// Everything that a run has to tell, or several together, for reporters to put into their forms.
package struct Report: Sendable {
  package var findings: [Finding]
  /// One, unless the report was put together of several; never none.
  package var runs: [Run]
  /// The user's own, oldest first.
  package var processes: [CheckedProcess]
  /// What the probe left that could not be read, a line each.
  package var unreadable: [String]
  /// Conflicts that were about a lock, and so none.
  package var lockConflicts: Int
  /// Unordered conflicts that were left out, since code on both sides may order them unseen.
  package var possiblyOrdered: Int
  /// Those that were left out, since one side was seen to wait for the other.
  package var orderedByInference: Int
  /// What is wrong with the suppressions and the baseline that were applied, a line each.
  package var remarks: [String] = []
  /// Conflicts that a test had said would come.
  package var expectedConflicts = 0

  package init(
    findings: [Finding], runs: [Run], processes: [CheckedProcess], unreadable: [String] = [],
    lockConflicts: Int, possiblyOrdered: Int = 0, orderedByInference: Int = 0
  ) {
    self.findings = findings
    self.runs = runs
    self.processes = processes
    self.unreadable = unreadable
    self.lockConflicts = lockConflicts
    self.possiblyOrdered = possiblyOrdered
    self.orderedByInference = orderedByInference
  }

  /// The report of one run.
  package init(
    findings: [Finding], session: Session, lockConflicts: Int, possiblyOrdered: Int = 0,
    orderedByInference: Int = 0, command: [String], seed: UInt64,
    options: [String] = [], end: ProcessEnd, isHalted: Bool = false,
    subcommand: Run.Subcommand = .run
  ) {
    self.init(
      findings: findings,
      runs: [
        Run(
          command: command, seed: seed, options: options, end: end, isHalted: isHalted,
          subcommand: subcommand)
      ],
      processes: session.subjects.map(CheckedProcess.init),
      unreadable: session.unreadable.filter { $0.error != .incomplete }
        .map { "\($0.name): \($0.error)" },
      lockConflicts: lockConflicts, possiblyOrdered: possiblyOrdered,
      orderedByInference: orderedByInference)
  }

  /// The run; of several, the first one.
  package var run: Run {
    get { runs[0] }
    set { runs[0] = newValue }
  }

  /// What the probe saw, over the user's processes.
  package var coverage: Coverage { processes.reduce(Coverage()) { $0 + $1.coverage } }

  /// What to type to see `finding` again.
  package func repeatCommand(for finding: Finding) -> String {
    runs[runs.indices.contains(finding.run) ? finding.run : 0].repeatCommand
  }

  /// The findings that somebody has to look at: neither suppressed nor gone.
  package var open: [Finding] { findings.filter(\.isOpen) }
}
