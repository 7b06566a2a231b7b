import TophashFindings
import TophashSymbols

/// The JSON form of a report. A change of it that could break a reader changes `schema`.
///
/// Each part of it is made of the part of a report that it stands for, and makes it again. What a
/// field of it means, the schema says.
struct JSONReport: Codable {
  static let schema = "tophash-report/1"

  struct Tool: Codable {
    var name = "tophash"
    var version = toolVersion
  }

  var schema = Self.schema
  var tool = Tool()
  var run: JSONRun
  /// Of a report that was put together of several runs, all of them.
  var runs: [JSONRun]?
  var findings: [JSONFinding]
  var processes: [JSONProcess]
  var coverage: JSONCoverage
  var lockConflicts: Int
  var possiblyOrdered: Int
  var unreadable: [String]?
  var orderedByInference: Int

  /// All but the findings.
  init(withoutFindings report: Report) {
    run = JSONRun(report.run)
    runs = report.runs.count > 1 ? report.runs.map(JSONRun.init) : nil
    findings = []
    processes = report.processes.map(JSONProcess.init)
    coverage = JSONCoverage(report.coverage)
    lockConflicts = report.lockConflicts
    possiblyOrdered = report.possiblyOrdered
    orderedByInference = report.orderedByInference
    unreadable = report.unreadable.isEmpty ? nil : report.unreadable
  }

  var report: Report {
    let runs = runs ?? []
    return Report(
      findings: findings.map(\.finding), runs: (runs.isEmpty ? [run] : runs).map(\.run),
      processes: processes.map(\.process), unreadable: unreadable ?? [],
      lockConflicts: lockConflicts, possiblyOrdered: possiblyOrdered,
      orderedByInference: orderedByInference)
  }
}

/// A run in JSON.
struct JSONRun: Codable {
  var command: [String]
  var seed: UInt64
  var options: [String]
  var `repeat`: String
  /// One of both is there.
  var exitStatus: Int32?
  var signal: Int32?
  /// Absent where it was not.
  var isHalted: Bool?
  /// Absent for `tophash run`.
  var subcommand: Run.Subcommand?

  init(_ run: Run) {
    command = run.command
    seed = run.seed
    options = run.options
    `repeat` = run.repeatCommand
    switch run.end {
    case .exited(let status): exitStatus = status
    case .signalled(let number): signal = number
    }
    isHalted = run.isHalted ? true : nil
    subcommand = run.subcommand == .run ? nil : run.subcommand
  }

  var run: Run {
    Run(
      command: command, seed: seed, options: options,
      end: signal.map { .signalled($0) } ?? .exited(exitStatus ?? 0), isHalted: isHalted ?? false,
      subcommand: subcommand ?? .run)
  }
}
