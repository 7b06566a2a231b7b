/// Puts reports into one form.
///
/// Writes finding after finding, so that the text of thousands of them never lies in memory whole.
package protocol Reporter {
  /// Writes the whole of a report, with a line break at its end.
  ///
  /// - Complexity: linear in the size of the report.
  func write(_ report: Report, to output: inout some TextOutputStream)
}

extension Reporter {
  /// The whole of a report as one text.
  package func text(for report: Report) -> String {
    var text = ""
    write(report, to: &text)
    return text
  }
}
