import TophashFindings

/// The closing lines on standard error: what was found, and what could be seen at all.
package struct SummaryText {
  package var lines: [String]

  package init(_ report: Report) {
    let coverage = report.coverage
    lines = ["\(report.findings.count) findings, \(coverage.accesses.all) accesses"]
  }
}
