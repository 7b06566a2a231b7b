import TophashFindings

/// A checked process in JSON.
struct JSONProcess: Codable {
  enum State: String, Codable {
    case watching, refused
  }

  var pid: Int32
  var parent: Int32
  var program: String
  var arguments: [String]
  var state: State
  var refusal: EventHeader.Refusal?
  var order: EventHeader.Order
  var hasExited: Bool
  var coverage: JSONCoverage

  init(_ process: CheckedProcess) {
    pid = process.pid
    parent = process.parent
    program = process.program
    arguments = process.arguments
    order = process.order
    refusal = process.refusal
    state = refusal == nil ? .watching : .refused
    hasExited = process.hasExited
    coverage = JSONCoverage(process.coverage)
  }

  var process: CheckedProcess {
    CheckedProcess(
      pid: pid, parent: parent, program: program, arguments: arguments,
      refusal: state == .refused ? refusal ?? .unknownReason : nil, order: order,
      hasExited: hasExited, coverage: coverage.coverage(processes: 1))
  }
}

/// What the probe saw and did, in JSON.
struct JSONCoverage: Codable {
  var trackedAccesses: UInt64
  var instantaneousAccesses: UInt64
  var instantaneousShare: Double
  var droppedAccesses: UInt64
  var hooks: [String]
  var nearMisses: UInt64
  var traps: UInt64
  var holds: UInt64
  var heldNanoseconds: UInt64
  var conflicts: UInt64
  var droppedConflicts: UInt64
  var threads: UInt64

  private static let hooks: [(name: String, hook: EventHeader.Hooks)] = [
    ("patched", .patched), ("interposed", .interposed), ("gate", .gate),
  ]

  init(_ coverage: Coverage) {
    trackedAccesses = coverage.accesses.tracked
    instantaneousAccesses = coverage.accesses.instantaneous
    instantaneousShare = coverage.instantaneousShare
    droppedAccesses = coverage.work.accessesDropped
    hooks = Self.hooks.filter { coverage.hooks.contains($0.hook) }.map(\.name)
    nearMisses = coverage.work.nearMisses
    traps = coverage.work.trapsArmed
    holds = coverage.work.holds
    heldNanoseconds = coverage.work.heldNanoseconds
    conflicts = coverage.work.conflictsSeen
    droppedConflicts = coverage.work.conflictsDropped
    threads = coverage.work.threads
  }

  func coverage(processes: Int) -> Coverage {
    var coverage = Coverage(
      processes: processes,
      accesses: AccessCounts(tracked: trackedAccesses, instantaneous: instantaneousAccesses))
    for (name, hook) in Self.hooks where hooks.contains(name) { coverage.hooks.insert(hook) }
    coverage.work.accessesDropped = droppedAccesses
    coverage.work.nearMisses = nearMisses
    coverage.work.trapsArmed = traps
    coverage.work.holds = holds
    coverage.work.heldNanoseconds = heldNanoseconds
    coverage.work.conflictsSeen = conflicts
    coverage.work.conflictsDropped = droppedConflicts
    coverage.work.threads = threads
    return coverage
  }
}
