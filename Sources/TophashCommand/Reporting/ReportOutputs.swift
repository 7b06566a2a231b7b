import Foundation
import TophashFindings
import TophashReports

/// The places that a report goes to, which were looked at before the program ran.
struct ReportOutputs {
  private let outputs: [(form: ReportForm, destination: ReportDestination)]
  private let console: Console

  /// - Throws: 64 where the plan makes no sense, 70 where a file cannot be written.
  init(_ plan: ReportPlan, console: Console) throws(ToolError) {
    self.console = console
    var outputs: [(form: ReportForm, destination: ReportDestination)] = []
    for part in try plan.parts() {
      outputs.append((part.form, try ReportDestination(path: part.path)))
    }
    self.outputs = outputs
  }

  /// Writes the report in all its forms.
  ///
  /// - Throws: 70 when one could not be written; the others are.
  func write(
    _ report: Report, color: ColorChoice, isStrict: Bool, environment: [String: String]
  ) throws(ToolError) {
    var context = ReportForm.Context(
      paths: Paths(directory: FileManager.default.currentDirectoryPath), isStrict: isStrict)
    var failure: ToolError?
    for (form, destination) in outputs {
      context.style = Style(isColored: color.isColored(destination, environment))
      let reporter = form.reporter(context)
      do throws(ToolError) {
        try destination.write(isUnique: true) { reporter.write(report, to: &$0) }
      } catch {
        failure = failure ?? error
      }
      if let companion = form.companion, let path = environment[companion.variable], !path.isEmpty {
        append(report, companion.form.reporter(context), to: path)
      }
    }
    if let failure { throw failure }
  }

  /// Adds to a file that belongs to somebody else, such as the summary of a job: that it cannot be
  /// written is told, and changes nothing.
  private func append(_ report: Report, _ reporter: any Reporter, to path: String) {
    do throws(FileWriter.Failure) {
      var writer = try FileWriter(appendingTo: path)
      reporter.write(report, to: &writer)
      try writer.finish()
    } catch {
      console.say("'\(path)' could not be written: \(error.reason)")
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
