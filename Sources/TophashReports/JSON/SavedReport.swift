import TophashFindings

extension Report {
  /// Reads what `JSONReporter` wrote into the file at `path`.
  ///
  /// Paths stay as they are written: relative ones are those of whoever reads now.
  ///
  /// - Throws: what is wrong with it, with the place.
  package init(saved text: [UInt8], at path: String) throws(TextFailure) {
    self = try JSONText(text, file: path).decode(
      JSONReport.self, schema: JSONReport.schema, called: "a report"
    ).report
  }
}
