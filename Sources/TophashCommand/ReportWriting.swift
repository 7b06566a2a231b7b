import TophashReports

extension Report {
  /// Writes the report in the form and the colour that the options ask for.
  func write(
    to destination: ReportDestination, options: RunOptions, environment: [String: String]
  ) throws(ToolError) {
    try destination.write("")
  }
}
