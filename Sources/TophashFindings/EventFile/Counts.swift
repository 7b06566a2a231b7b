import CTophashProtocol

/// How many accesses the probe saw.
package struct AccessCounts: Hashable, Sendable {
  /// Accesses with a begin and an end: the ones that a finding can come from.
  package var tracked: UInt64
  /// Checks without an end: seen and counted, never reported.
  package var instantaneous: UInt64

  package init(tracked: UInt64 = 0, instantaneous: UInt64 = 0) {
    self.tracked = tracked
    self.instantaneous = instantaneous
  }

  /// Sums the counters of all threads.
  init(_ reader: ByteReader, at start: Int) throws(EventFileError) {
    self.init()
    for thread in 0..<Int(TOPHASH_COUNTERS) {
      let line = start + thread * MemoryLayout<tophash_counters>.stride
      tracked &+= try reader.field(\tophash_counters.tracked, of: line)
      instantaneous &+= try reader.field(\tophash_counters.instantaneous, of: line)
    }
  }

  package var all: UInt64 { tracked &+ instantaneous }

  package static func + (left: Self, right: Self) -> Self {
    Self(
      tracked: left.tracked &+ right.tracked,
      instantaneous: left.instantaneous &+ right.instantaneous)
  }
}

/// What the probe did, and what it had to let go.
package struct ProbeWork: Hashable, Sendable {
  /// Conflicts, with repeats of known ones.
  package var conflictsSeen: UInt64 = 0
  /// Conflicts for which there was no slot left.
  package var conflictsDropped: UInt64 = 0
  /// Accesses that were not watched, since the table was full where they belong.
  package var accessesDropped: UInt64 = 0
  /// Times when two owners came to one variable shortly after each other, one to modify it.
  package var nearMisses: UInt64 = 0
  package var trapsArmed: UInt64 = 0
  package var holds: UInt64 = 0
  package var heldNanoseconds: UInt64 = 0
  package var threads: UInt64 = 0

  package init() {}

  init(_ reader: ByteReader) throws(EventFileError) {
    conflictsSeen = try reader.field(\tophash_header.conflicts_seen, of: 0)
    conflictsDropped = try reader.field(\tophash_header.conflicts_dropped, of: 0)
    accessesDropped = try reader.field(\tophash_header.accesses_dropped, of: 0)
    nearMisses = try reader.field(\tophash_header.near_misses, of: 0)
    trapsArmed = try reader.field(\tophash_header.traps_armed, of: 0)
    holds = try reader.field(\tophash_header.holds, of: 0)
    heldNanoseconds = try reader.field(\tophash_header.held_ns, of: 0)
    threads = try reader.field(\tophash_header.threads_seen, of: 0)
  }

  package static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.conflictsSeen &+= right.conflictsSeen
    sum.conflictsDropped &+= right.conflictsDropped
    sum.accessesDropped &+= right.accessesDropped
    sum.nearMisses &+= right.nearMisses
    sum.trapsArmed &+= right.trapsArmed
    sum.holds &+= right.holds
    sum.heldNanoseconds &+= right.heldNanoseconds
    sum.threads &+= right.threads
    return sum
  }
}
