import TophashFindings

/// A checked process in JSON.
struct JSONProcess: Encodable {
  var pid: Int32
  var parent: Int32
  var program: String
  var arguments: [String]
  /// `watching` or `refused`.
  var state: String
  var refusal: EventHeader.Refusal?
  /// `followed` when unordered accesses could be found; `unknown` when they could not.
  var order: EventHeader.Order
  /// False for a process that was killed, crashed, or still ran when the report was made.
  var hasExited: Bool
  var coverage: JSONCoverage

  init(_ file: EventFile) {
    pid = file.header.pid
    parent = file.header.parent
    program = file.header.program
    arguments = file.header.arguments
    order = file.header.order
    refusal = file.header.refusal
    state = refusal == nil ? "watching" : "refused"
    hasExited = file.header.end != nil
    coverage = JSONCoverage(Coverage([file]))
  }
}

/// What the probe saw and did, in JSON.
struct JSONCoverage: Encodable {
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

  init(_ coverage: Coverage) {
    trackedAccesses = coverage.accesses.tracked
    instantaneousAccesses = coverage.accesses.instantaneous
    instantaneousShare = coverage.instantaneousShare
    droppedAccesses = coverage.work.accessesDropped
    hooks = []
    if coverage.hooks.contains(.patched) { hooks.append("patched") }
    if coverage.hooks.contains(.interposed) { hooks.append("interposed") }
    if coverage.hooks.contains(.gate) { hooks.append("gate") }
    nearMisses = coverage.work.nearMisses
    traps = coverage.work.trapsArmed
    holds = coverage.work.holds
    heldNanoseconds = coverage.work.heldNanoseconds
    conflicts = coverage.work.conflictsSeen
    droppedConflicts = coverage.work.conflictsDropped
    threads = coverage.work.threads
  }
}
