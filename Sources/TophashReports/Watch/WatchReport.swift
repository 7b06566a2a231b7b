import TophashFindings

/// What `tophash watch` has to tell.
package struct WatchReport: Sendable {
  package var variables: [WatchedVariable]
  package var isSoftware: Bool
  /// Hits that nobody was named for, for each reason.
  package var passed: UInt64
  package var late: UInt64
  package var lost: UInt64
  package var pauses: UInt64
  package var isOver: Bool
  package var command: [String]

  package init(
    variables: [WatchedVariable], isSoftware: Bool, passed: UInt64 = 0, late: UInt64 = 0,
    lost: UInt64 = 0, pauses: UInt64 = 0, isOver: Bool = false, command: [String]
  ) {
    self.variables = variables
    self.isSoftware = isSoftware
    self.passed = passed
    self.late = late
    self.lost = lost
    self.pauses = pauses
    self.isOver = isOver
    self.command = command
  }

  package var hitCount: Int { variables.reduce(0) { $0 + $1.hits.count } }
}
