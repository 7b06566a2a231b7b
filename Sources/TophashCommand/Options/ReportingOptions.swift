import ArgumentParser
import TophashReports

/// The options of every command that reports findings, as the command line gives them.
struct ReportingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Forms of the report, between commas. (default: text) (values: \(ReportPlan.forms))",
      valueName: "name"),
    completion: .list(ReportForm.allCases.map(\.rawValue)))
  var reporter: String?

  @Option(
    help: ArgumentHelp(
      "Write the report to a file in place of standard output; NAME=FILE for one form of several (repeatable).",
      valueName: "file"),
    completion: .file())
  var output: [String] = []

  @Option(
    help: ArgumentHelp(
      "Leave out what this file suppresses (repeatable). (default: .tophash-suppressions, if there)",
      valueName: "file"),
    completion: .file())
  var suppressions: [String] = []

  @Option(
    help: ArgumentHelp("Leave out the findings that this baseline holds.", valueName: "file"),
    completion: .file())
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "Write a baseline of what is found; where there is one, take out of it what is not.",
      valueName: "file"),
    completion: .file())
  var writeBaseline: String?

  /// What was given, by the keys of ``Setting``.
  var assignments: [Assignment] {
    let given =
      [("reporter", reporter), ("baseline", baseline), ("write-baseline", writeBaseline)]
      + output.map { ("output", $0) } + suppressions.map { ("suppressions", $0) }
    return given.compactMap { key, value in
      value.map { Assignment(key: key, value: $0, origin: .flag) }
    }
  }

  func plan() throws(ToolError) -> ReportPlan {
    var plan = ReportPlan()
    if let reporter, !plan.choose(reporter) { throw Self.unknownForm(in: reporter) }
    for output in output where !plan.send(to: output) { throw Self.unknownOutput(output) }
    return plan
  }

  func policy(_ console: Console) throws(ToolError) -> FindingPolicy {
    try FindingPolicy(
      suppressions: suppressions, baseline: baseline, baselineToWrite: writeBaseline,
      console: console)
  }

  private static func unknownForm(in names: String) -> ToolError {
    let words = names.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    return unknown(words.first { ReportForm(rawValue: $0) == nil } ?? names)
  }

  private static func unknownOutput(_ output: String) -> ToolError {
    let name = String(output.prefix { $0 != "=" })
    guard ReportForm(rawValue: name) == nil else {
      return ToolError(
        what: "--output \(output) names no file", remedy: "write '\(name)=FILE'", code: .usage)
    }
    var error = unknown(name)
    error.remedy += "; a file of that name is written './\(output)'"
    return error
  }

  private static func unknown(_ name: String) -> ToolError {
    let names = ReportForm.allCases.map(\.rawValue)
    return ToolError(
      what: "there is no reporter '\(name)'",
      remedy: Suggestion.nearest(to: name, among: names).map { "did you mean '\($0)'?" }
        ?? "known are \(ReportPlan.forms)",
      code: .usage)
  }
}
