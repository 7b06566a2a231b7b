import TophashFindings
import TophashReports

/// What came of a run: findings, and the exit status that follows from all facts.
struct Outcome {
  /// A status that replaces the program's own, and what to say about it.
  struct Status {
    var code: ExitStatus
    var error: ToolError?
  }

  let session: Session
  let mainProcess: Int32
  let end: ProcessEnd
  let judge: Judge

  init(session: Session, mainProcess: Int32, end: ProcessEnd, options: RunOptions) {
    self.session = session
    self.mainProcess = mainProcess
    self.end = end
    var judge = Judge()
    for process in session.subjects where !process.conflicts.isEmpty {
      judge.add(process, interpreter: SymbolInterpreter(images: process.images))
    }
    self.judge = judge
  }

  func report(command: [String], seed: UInt64) -> Report {
    Report(
      findings: judge.report, session: session, lockConflicts: judge.lockConflicts,
      command: command, seed: seed, end: end)
  }

  /// `nil` when the program's own status stands.
  var status: Status? {
    if !judge.report.isEmpty { return Status(code: .findings) }
    return nil
  }
}
