import TophashFindings

/// The closing lines on standard error: what was found, and what could be seen at all.
package struct SummaryText {
  package var lines: [String]

  package init(_ report: Report) {
    let coverage = report.coverage
    lines = [Self.result(report), Self.sight(coverage), Self.work(coverage)].compactMap { $0 }
    lines += Self.losses(report)
  }

  private static func result(_ report: Report) -> String {
    let found =
      report.findings.isEmpty
      ? "nothing found" : Number.counted(UInt64(report.findings.count), "finding")
    var line =
      found + " in " + Number.counted(UInt64(report.session.subjects.count), "process", "processes")
    if report.lockConflicts > 0 {
      line += "; \(Number.counted(UInt64(report.lockConflicts), "wait")) for a lock left out"
    }
    if report.possiblyOrdered > 0 {
      line += "; \(Number.counted(UInt64(report.possiblyOrdered), "candidate")) left out,"
        + " whose sides may be ordered by atomics"
    }
    return line
  }

  private static func sight(_ coverage: Coverage) -> String? {
    guard coverage.processes > 0 else { return nil }
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

  private static func work(_ coverage: Coverage) -> String? {
    guard coverage.processes > 0 else { return nil }
    let work = coverage.work
    return "\(Number.counted(work.nearMisses, "near miss", "near misses"));"
      + " \(Number.counted(work.trapsArmed, "trap")) set,"
      + " \(Number.counted(work.holds, "access", "accesses")) held open for"
      + " \(Number.duration(nanoseconds: work.heldNanoseconds)) in all"
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
    for process in report.session.subjects {
      if process.header.order == .unknown {
        lines.append(
          "process \(process.header.pid) (\(process.header.program)) was checked for overlaps only:"
            + " what orders its accesses cannot all be seen")
      }
      if case .refused(let refusal) = process.header.state {
        lines.append(
          "process \(process.header.pid) (\(process.header.program)) ran unchecked: \(refusal.reason)"
        )
      }
    }
    for file in report.session.unreadable where file.error != .incomplete {
      lines.append("\(file.name): \(file.error)")
    }
    return lines
  }
}

extension EventHeader.Refusal {
  /// Why the probe could not work, and what to do.
  package var reason: String {
    switch self {
    case .unknownRuntime: "its Swift runtime is not one that this version of Tophash knows"
    case .sanitizer: "it was built with a sanitizer; build it without '--sanitize'"
    case .noHook:
      "its own copy of the Swift runtime could not be hooked; link without '-static-stdlib'"
    case .unknownReason:
      "the probe refused, for a reason that this version of Tophash does not know"
    }
  }
}
