import Foundation
import TophashFindings
import TophashReports

/// What a project lives with: which findings are suppressed, and which its baseline holds.
struct FindingPolicy {
  private let suppressions: [SuppressionFile]
  /// `nil` where none is used, and where it is still to be written.
  private let baseline: Baseline?
  private let baselineToWrite: String?
  private let console: Console

  /// The file that is used where it exists, without being asked for.
  static let usualSuppressions = ".tophash-suppressions"

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - suppressions: suppression files; where there are none, the usual one.
  ///   - baseline: a baseline that has to be there.
  ///   - baselineToWrite: a baseline that is made or shrunk.
  /// - Throws: 64 for both baselines; 65 for a file that is not there or damaged; 70 where the
  ///   baseline cannot be written.
  init(
    suppressions: [String], baseline: String?, baselineToWrite: String?, console: Console
  ) throws(ToolError) {
    guard baseline == nil || baselineToWrite == nil else {
      throw ToolError(
        what: "--baseline and --write-baseline are given",
        remedy: "leave out the first: what is written counts as well", code: .usage)
    }
    let isThere = { (path: String) in SmallFile.modificationTime(of: path) != nil }
    let usual = isThere(Self.usualSuppressions) ? [Self.usualSuppressions] : []
    var files: [SuppressionFile] = []
    for path in suppressions.isEmpty ? usual : suppressions {
      let bytes = try InputFile.read(path)
      files.append(
        try InputFile.parsed { () throws(TextFailure) in
          try SuppressionFile(path: path, text: String(decoding: bytes, as: UTF8.self))
        })
    }
    self.suppressions = files
    if let path = baseline ?? baselineToWrite.flatMap({ isThere($0) ? $0 : nil }) {
      let bytes = try InputFile.read(path)
      self.baseline = try InputFile.parsed { () throws(TextFailure) in
        try Baseline(path: path, text: bytes)
      }
    } else {
      self.baseline = nil
    }
    self.baselineToWrite = baselineToWrite
    self.console = console
    if let baselineToWrite {
      _ = try ReportDestination(path: baselineToWrite, option: "--write-baseline")
    }
  }

  /// Marks what is suppressed; returns the baseline to save where one was asked for.
  func apply(to report: inout Report) -> Baseline? {
    report = judged(report, baseline)
    // A run in which nothing could be seen shows nothing to be gone.
    guard let path = baselineToWrite, report.processes.contains(where: { $0.refusal == nil })
    else { return nil }
    let written =
      baseline?.shrunk(to: report.findings.filter { $0.comparison != .gone })
      ?? Baseline(path: path, report.open.map { ($0, $0.headline) })
    report = judged(report, written)
    return written
  }

  /// Writes a baseline.
  ///
  /// - Throws: 70 where it could not be written.
  func save(_ written: Baseline?) throws(ToolError) {
    guard let written else { return }
    do throws(FileWriter.Failure) {
      try FileWriter.replace(written.path, with: written.text)
    } catch {
      throw .toolFailed(
        "'\(written.path)' could not be written: \(error.reason)", "name another file")
    }
    let count = "\(written.count) \(written.count == 1 ? "entry" : "entries")"
    console.say(
      baseline.map { "baseline '\(written.path)': \(written.count) of \($0.count) entries stay" }
        ?? "baseline '\(written.path)': \(count) written")
  }

  /// Those findings that are not suppressed, while there is no report yet.
  func open(_ findings: [Finding]) -> [Finding] {
    var suppressor = suppressor(baseline)
    return suppressor.apply(to: findings).filter { $0.suppression == nil }
  }

  private func judged(_ report: Report, _ baseline: Baseline?) -> Report {
    var suppressor = suppressor(baseline)
    var report = report
    report.findings = suppressor.apply(to: report.findings)
    report.remarks = suppressor.remarks
    return report
  }

  private func suppressor(_ baseline: Baseline?) -> Suppressor {
    Suppressor(
      files: suppressions, baseline: baseline,
      paths: Paths(directory: FileManager.default.currentDirectoryPath),
      today: Day(of: Date()), source: SourceFile.read)
  }
}
