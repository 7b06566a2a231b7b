import TophashFindings
import TophashSymbols

/// Writes findings as compilers write diagnostics, `path:line:column: error: message [rule]`, with
/// notes: what Xcode, Visual Studio Code and others make links of.
package struct XcodeReporter: Reporter {
  package var paths: Paths

  package init(paths: Paths) {
    self.paths = paths
  }

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    for finding in report.open {
      for line in lines(finding, report) { output.write(line + "\n") }
    }
  }

  private func lines(_ finding: Finding, _ report: Report) -> [String] {
    let severity = finding.grade == .caught ? "error" : "warning"
    let place = place(finding.place?.side ?? finding.open)
    var lines = [
      "\(place): \(severity): \(finding.grade.words): \(finding.headline) [\(finding.rule.rawValue)]"
    ]
    for side in finding.sides {
      let function = side.site.map { " in \($0.functionText)" } ?? ""
      lines.append("\(self.place(side)): note: \(side.owner) \(finding.deed(of: side))\(function)")
    }
    for advice in finding.advice { lines.append("\(place): note: fix: \(advice)") }
    lines.append(
      "\(place): note: again: \(report.repeatCommand(for: finding)) [\(finding.fingerprint)]")
    return lines
  }

  /// `path:line:column`; of code without lines, the image.
  private func place(_ side: Side) -> String {
    guard let site = side.site else { return "tophash" }
    guard let location = site.location else { return site.image.map(paths.relative) ?? "tophash" }
    let place = "\(paths.relative(location.file)):\(location.line)"
    return location.column > 0 ? "\(place):\(location.column)" : place
  }
}
