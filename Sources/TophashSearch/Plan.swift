/// How the threads of one run are chosen.
package enum Plan: Hashable, Sendable {
  /// The plain order.
  case plain
  case search(Scheduler, seed: UInt64)
  /// The plain order, but for these.
  case replay([Choice])

  /// Of `pct`: how many ordering constraints the sought failure has.
  package static let depth = 3
}
