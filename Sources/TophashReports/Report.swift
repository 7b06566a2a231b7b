import TophashFindings

/// Everything that one run has to tell, for reporters to put into their forms.
package struct Report: Sendable {
  package var findings: [Finding]
  package var session: Session
  /// Conflicts that were about a lock, and so none.
  package var lockConflicts: Int
  /// Program and arguments; empty for the bundled example.
  package var command: [String]
  package var seed: UInt64
  package var end: ProcessEnd

  package init(
    findings: [Finding], session: Session, lockConflicts: Int, command: [String], seed: UInt64,
    end: ProcessEnd
  ) {
    self.findings = findings
    self.session = session
    self.lockConflicts = lockConflicts
    self.command = command
    self.seed = seed
    self.end = end
  }

  /// What the probe saw, over the user's processes.
  package var coverage: Coverage { Coverage(session.subjects) }
}
