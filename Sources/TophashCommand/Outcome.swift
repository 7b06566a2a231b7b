import TophashFindings
import TophashReports

/// What came of a run: findings, and the exit status that follows from all facts.
struct Outcome {
  /// How `tophash` ends.
  enum Status: Equatable {
    /// As the program did.
    case programs
    case own(ExitStatus)
  }

  let session: Session
  let mainProcess: Int32
  let end: ProcessEnd
  /// Whether something was found for which the check has to fail.
  let fails: Bool
  /// What to say when no process was checked.
  let nothingRan: ToolError

  /// What to say beside the report; `nil` when the run was as it should be.
  var error: ToolError? {
    if let version = session.unreadable.first(where: \.error.isOtherVersion) {
      return .toolFailed(
        "the probe library does not belong to this tophash: \(version.error)",
        "install both from one build")
    }
    // The last one: a process that became another program by `exec` has a file for each.
    let main = session.processes.last { $0.header.pid == mainProcess }
    if let refusal = main?.header.refusal {
      return .cannotRun("the program ran unchecked: \(refusal.cause)", refusal.remedy)
    }
    if session.subjects.allSatisfy({ $0.header.refusal != nil }),
      let header = session.subjects.first?.header, let refusal = header.refusal
    {
      return .cannotRun("'\(header.program)' ran unchecked: \(refusal.cause)", refusal.remedy)
    }
    return session.subjects.isEmpty ? nothingRan : nil
  }

  /// Findings come first, whatever else went wrong; then what went wrong. A program that failed
  /// by itself without being checked keeps its status: that is what its caller has to see.
  var status: Status {
    if fails { return .own(.findings) }
    guard let error else { return .programs }
    if error.code == .cannotRun, end != .exited(0) { return .programs }
    return .own(error.code)
  }
}

extension EventFileError {
  fileprivate var isOtherVersion: Bool {
    if case .otherVersion = self { true } else { false }
  }
}
