import Foundation
import TophashFindings
import TophashReports

extension Report {
  /// Writes the report in the form and the colour that the options ask for.
  ///
  /// - Throws: 70 when it could not be written.
  func write(
    to destination: ReportDestination, options: RunOptions, environment: [String: String]
  ) throws(ToolError) {
    let paths = Paths(directory: FileManager.default.currentDirectoryPath)
    switch options.reporter {
    case .text:
      let isColored = options.color.isColored(destination, environment)
      let reporter = TextReporter(style: Style(isColored: isColored), paths: paths)
      try destination.write(reporter.text(for: self))
    case .json:
      try destination.write(JSONReporter(paths: paths).text(for: self))
    }
  }
}

extension ColorChoice {
  /// Whether to colour what goes to `destination`: on its own, only a terminal that can, for a
  /// user who did not ask to be spared by `NO_COLOR`.
  func isColored(_ destination: ReportDestination, _ environment: [String: String]) -> Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto:
      destination.isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
        && environment["TERM"] != "dumb"
    }
  }
}
