import Foundation

/// Writes a report for programs: one JSON object, whose form is `Documentation/Guides/json-report.md`.
package struct JSONReporter {
  package var paths: Paths

  package init(paths: Paths) {
    self.paths = paths
  }

  /// The object with its keys in alphabetical order, and a line break at its end.
  package func text(for report: Report) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(JSONReport(report, paths)), as: UTF8.self) + "\n"
    } catch {
      // Only numbers without a JSON form make encoding fail, and the report holds none.
      preconditionFailure("a report is always encodable: \(error)")
    }
  }
}
