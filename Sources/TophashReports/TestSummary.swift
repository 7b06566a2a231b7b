import TophashFindings

/// The closing lines of `tophash test`: which tests have findings, in the order of their names.
package struct TestSummary {
  package var lines: [String]

  /// No line for a report that is not about tests.
  package init(_ report: Report) {
    guard report.run.subcommand == .test else {
      lines = []
      return
    }
    var counts: [String: UInt64] = [:]
    var homeless: UInt64 = 0
    for finding in report.open {
      let names = Set(finding.involvements.flatMap(\.tests).map(\.name))
      if names.isEmpty { homeless += 1 }
      for name in names { counts[name, default: 0] += 1 }
    }
    lines = counts.sorted { $0.key < $1.key }.map { name, count in
      "in test \(name): \(Number.counted(count, "finding"))"
    }
    if homeless > 0 {
      lines.append("in no test that is known: \(Number.counted(homeless, "finding"))")
    }
  }
}
