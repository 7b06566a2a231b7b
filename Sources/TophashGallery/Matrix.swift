import Foundation

/// How often each method noticed each misuse, and what it took. Every number is measured.
package struct Matrix: Codable, Sendable {
  package struct Cell: Codable, Hashable, Sendable {
    package var runs = 0
    package var noticed = 0
    package var crashed = 0
    /// Medians of one run, with whatever the method starts.
    package var cpuSeconds = 0.0
    package var wallSeconds = 0.0
    /// Why there is nothing to measure.
    package var reason: String?

    /// From 0 to 1; `nil` where nothing was measured.
    package var rate: Double? { runs == 0 ? nil : Double(noticed) / Double(runs) }
  }

  package struct Row: Codable, Sendable {
    package var name: String
    package var misuse: String?
    /// By the method's name; a method that does not apply has none.
    package var cells: [String: Cell]

    package subscript(method: Method) -> Cell? { cells[method.rawValue] }
  }

  package var schema = "tophash-matrix/1"
  package var runs: Int
  package var methods: [Method]
  package var rows: [Row]
  package var minutes = 0.0
  package var processors = 0
  /// How busy the machine was before the first run: processes that ran or wanted to, of the last
  /// five minutes, building included.
  package var load = 0.0

  package init(runs: Int, methods: [Method], rows: [Row]) {
    self.runs = runs
    self.methods = methods
    self.rows = rows
  }

  /// Under what it was measured.
  package var conditions: String {
    let minutes = String(format: "%.1f", minutes)
    let load = String(format: "%.1f", load)
    let misuses = rows.count == 1 ? "1 misuse" : "\(rows.count) misuses"
    return
      "\(misuses) on \(processors) processors, in \(minutes) minutes after building;"
      + " the load before was \(load)."
  }

  /// The misuses that none of Tophash's methods noticed in any run.
  package var blindSpots: [String] {
    rows.filter { row in
      methods.allSatisfy {
        !$0.isOwn || $0.isHint || $0 == .failFast || (row[$0]?.noticed ?? 0) == 0
      }
    }.map(\.name)
  }
}

extension Matrix.Cell {
  /// Adds up what single trials came to.
  init(_ trials: [(verdict: Laboratory.Verdict, outcome: Trial.Outcome)]) {
    for trial in trials {
      switch trial.verdict {
      case .impossible(let why):
        reason = why
        continue
      case .noticed: noticed += 1
      case .crashed: crashed += 1
      case .silent: break
      }
      runs += 1
    }
    cpuSeconds = Self.median(trials.map(\.outcome.cpuSeconds))
    wallSeconds = Self.median(trials.map(\.outcome.wallSeconds))
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
