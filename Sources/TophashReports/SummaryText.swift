import Glibc
import TophashFindings

/// The closing lines on standard error: what was found, and what could be seen at all.
package struct SummaryText {
  package var lines: [String]

  package init(_ report: Report) {
    let coverage = report.coverage
    // Where nothing was checked there is nothing to sum up: an error says why.
    guard report.processes.contains(where: { $0.refusal == nil }) else {
      lines = report.unreadable
      return
    }
    lines =
      [Self.result(report), Self.sight(coverage), Self.work(coverage)]
      + Self.end(report) + Self.losses(report) + report.unreadable + report.remarks
  }

  private static func result(_ report: Report) -> String {
    let open = report.open
    let found =
      open.isEmpty ? "nothing found" : Number.counted(UInt64(open.count), "finding")
    var line =
      found + " in " + Number.counted(UInt64(report.processes.count), "process", "processes")
    line += Self.standing(report)
    if report.lockConflicts > 0 {
      line += "; \(Number.counted(UInt64(report.lockConflicts), "wait")) for a lock left out"
    }
    if report.possiblyOrdered > 0 {
      line +=
        "; \(Number.counted(UInt64(report.possiblyOrdered), "candidate")) left out,"
        + " whose sides may be ordered by atomics"
    }
    if report.orderedByInference > 0 {
      line +=
        "; \(Number.counted(UInt64(report.orderedByInference), "candidate")) left out,"
        + " whose sides were seen to wait for each other"
    }
    if report.expectedConflicts > 0 {
      line +=
        "; \(Number.counted(UInt64(report.expectedConflicts), "known conflict")) left out"
    }
    return line
  }

  /// How the findings stand to suppressions, baseline and an earlier report.
  private static func standing(_ report: Report) -> String {
    let kinds = report.findings.compactMap(\.suppression?.kind)
    let accepted = kinds.count { $0 == .baseline }
    let counts: [(Int, String)] = [
      (report.open.count { $0.comparison == .new }, "new"),
      (report.findings.count { $0.comparison == .gone }, "gone"),
      (accepted, "in the baseline"), (kinds.count - accepted, "suppressed"),
    ]
    return counts.filter { $0.0 > 0 }.map { "; \(Number.grouped(UInt64($0.0))) \($0.1)" }.joined()
  }

  private static func sight(_ coverage: Coverage) -> String {
    let hook =
      if coverage.hooks.contains(.patched) {
        "by patched entry points"
      } else if coverage.hooks.contains(.interposed) {
        "by interposition, which misses key paths"
      } else {
        "by no hook"
      }
    return "\(Number.counted(coverage.accesses.all, "access", "accesses")) seen \(hook);"
      + " \(Number.percent(coverage.instantaneousShare)) have no end and cannot be caught"
  }

  private static func work(_ coverage: Coverage) -> String {
    let work = coverage.work
    let nearMisses = Number.counted(work.nearMisses, "near miss", "near misses")
    if work.trapsArmed == 0, work.holds == 0 { return nearMisses + "; no traps set" }
    return nearMisses
      + "; \(Number.counted(work.trapsArmed, "trap")) set,"
      + " \(Number.counted(work.holds, "access", "accesses")) held open for"
      + " \(Number.duration(nanoseconds: work.heldNanoseconds)) in all"
  }

  /// How the program ended, where the exit status may tell of findings in place of that.
  private static func end(_ report: Report) -> [String] {
    guard !report.open.isEmpty, report.runs.count == 1 else { return [] }
    if report.run.isHalted { return ["the program was stopped at its first finding"] }
    return switch report.run.end {
    case .exited(0): []
    case .exited(let status): ["the program ended with exit status \(status)"]
    case .signalled(let signal):
      ["the program was ended by signal \(signal) (\(String(cString: strsignal(signal))))"]
    }
  }

  /// What could not be seen, a line each.
  private static func losses(_ report: Report) -> [String] {
    var lines: [String] = []
    let work = report.coverage.work
    if work.accessesDropped > 0 {
      lines.append(
        "\(Number.counted(work.accessesDropped, "access", "accesses")) not watched: too many were open at once"
      )
    }
    if work.conflictsDropped > 0 {
      lines.append(
        "\(Number.counted(work.conflictsDropped, "conflict")) not recorded: there were too many different ones"
      )
    }
    for process in report.processes {
      if process.order == .unknown {
        lines.append(
          "process \(process.pid) (\(process.program)) was checked for overlaps only:"
            + " what orders its accesses cannot all be seen")
      }
      if let refusal = process.refusal {
        lines.append(
          "process \(process.pid) (\(process.program)) ran unchecked:"
            + " \(refusal.cause); \(refusal.remedy)")
      }
    }
    return lines
  }
}

extension EventHeader.Refusal {
  /// Why the probe could not work.
  package var cause: String {
    switch self {
    case .unknownRuntime: "its Swift runtime is not one that this version of Tophash knows"
    case .sanitizer: "it is built with a sanitizer, which cannot share a process with the probe"
    case .noHook: "its own copy of the Swift runtime could not be hooked"
    case .unknownReason: "the probe gave a reason that this version of Tophash does not know"
    }
  }

  /// What the user can do about it.
  package var remedy: String {
    switch self {
    case .unknownRuntime: "build it with another toolchain, or get a newer Tophash"
    case .sanitizer: "build it without '--sanitize'"
    case .noHook: "link it without '-static-stdlib'"
    case .unknownReason: "install tophash and the probe library from one build"
    }
  }
}
