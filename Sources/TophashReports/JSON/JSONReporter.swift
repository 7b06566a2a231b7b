import Foundation
import TophashFindings

/// Writes a report for programs: one JSON object, whose form is `Documentation/Guides/json-report.md`.
package struct JSONReporter: Reporter {
  package var paths: Paths

  package init(paths: Paths) {
    self.paths = paths
  }

  /// The object with its keys in alphabetical order.
  package func write(_ report: Report, to output: inout some TextOutputStream) {
    // The frame is made with an empty list, which then is filled one by one.
    let frame = JSONOutput.text(JSONReport(withoutFindings: report))
    let empty = "\"findings\" : [\n\n  ]"
    guard let hole = frame.firstRange(of: empty) else {
      preconditionFailure("the list of findings is always written")
    }
    output.write(String(frame[..<hole.lowerBound]))
    JSONOutput.write(
      report.findings, named: "findings", indent: 2, as: { JSONFinding($0, paths) }, to: &output)
    output.write(String(frame[hole.upperBound...]) + "\n")
  }
}
