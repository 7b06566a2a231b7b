/// What the probe could see, so that silence is not read as safety.
package struct Coverage: Hashable, Sendable {
  package var processes: Int
  package var accesses: AccessCounts
  package var work: ProbeWork
  /// Ways in use, over all processes.
  package var hooks: EventHeader.Hooks

  package init(_ files: [EventFile]) {
    processes = files.count
    accesses = files.reduce(AccessCounts()) { $0 + $1.accesses }
    work = files.reduce(ProbeWork()) { $0 + $1.header.work }
    hooks = files.reduce(into: []) { $0.formUnion($1.header.hooks) }
  }

  /// The part of all accesses that have no end, and so cannot be caught; 0 without accesses.
  package var instantaneousShare: Double {
    accesses.all == 0 ? 0 : Double(accesses.instantaneous) / Double(accesses.all)
  }
}
