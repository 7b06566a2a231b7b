import TophashFindings

extension Report {
  /// One report of several: what was found in more than one of them is one finding.
  ///
  /// - Precondition: there is at least one.
  /// - Complexity: O(*n* log *n*) for all findings together.
  package static func merged(_ reports: [Report]) -> Report {
    precondition(!reports.isEmpty, "nothing to put together")
    var findings = FindingSet()
    var merged = Report(findings: [], runs: [], processes: [], lockConflicts: 0)
    for report in reports {
      for finding in report.findings where finding.comparison != .gone {
        var finding = finding
        finding.comparison = nil
        finding.run = merged.runs.count + max(0, min(finding.run, report.runs.count - 1))
        findings.insert(finding)
      }
      merged.runs += report.runs
      merged.processes += report.processes
      merged.unreadable += report.unreadable
      merged.lockConflicts &+= report.lockConflicts
      merged.possiblyOrdered &+= report.possiblyOrdered
      merged.orderedByInference &+= report.orderedByInference
    }
    merged.findings = findings.sorted
    return merged
  }

  /// With the standing of each finding to `earlier`, and what was in `earlier` alone.
  package func compared(to earlier: Report) -> Report {
    var compared = self
    let before = earlier.findings.map { finding in
      var finding = finding
      // The runs of both are told in one list.
      finding.run += runs.count
      return finding
    }
    compared.findings = Comparison.of(findings, to: before)
    if compared.findings.contains(where: { $0.comparison == .gone }) {
      compared.runs += earlier.runs
    }
    return compared
  }

  /// Leaves out what an earlier report or a baseline had already.
  package mutating func keepNew() {
    findings.removeAll {
      $0.comparison == .still || $0.comparison == .gone || $0.suppression?.kind == .baseline
    }
  }

  /// Whether it holds something for which a check has to fail.
  package func fails(isStrict: Bool) -> Bool {
    open.contains { isStrict || $0.grade == .caught }
  }
}
