/// What the probe could see, so that silence is not read as safety.
package struct Coverage: Hashable, Sendable {
  package var processes: Int
  package var accesses: AccessCounts
  package var work: ProbeWork
  /// Ways in use, over all processes.
  package var hooks: EventHeader.Hooks

  package init(
    processes: Int = 0, accesses: AccessCounts = AccessCounts(), work: ProbeWork = ProbeWork(),
    hooks: EventHeader.Hooks = []
  ) {
    self.processes = processes
    self.accesses = accesses
    self.work = work
    self.hooks = hooks
  }

  package init(_ files: [EventFile]) {
    processes = files.count
    accesses = files.reduce(AccessCounts()) { $0 + $1.accesses }
    work = files.reduce(ProbeWork()) { $0 + $1.header.work }
    hooks = files.reduce(into: []) { $0.formUnion($1.header.hooks) }
  }

  /// What was seen on both sides.
  package static func + (left: Self, right: Self) -> Self {
    Coverage(
      processes: left.processes + right.processes, accesses: left.accesses + right.accesses,
      work: left.work + right.work, hooks: left.hooks.union(right.hooks))
  }

  /// The part of all accesses that have no end, and so cannot be caught; 0 without accesses.
  package var instantaneousShare: Double {
    accesses.all == 0 ? 0 : Double(accesses.instantaneous) / Double(accesses.all)
  }
}
