/// The course of one process in words: tracks, what lay on them, and what led where.
package struct Timeline: Sendable {
  /// Who does something: a thread, or a task on whichever thread.
  package enum Track: Hashable, Comparable, Sendable {
    case thread(Int32)
    case task(UInt32)
  }

  /// Something that lasts. Slices of one track lie within each other, or apart.
  package struct Slice: Hashable, Sendable {
    package var track: Track
    package var name: String
    package var category: String
    package var start: UInt64
    package var end: UInt64
    /// Shown beside it.
    package var notes: [String: String] = [:]
    /// Arrows that begin or end here, by number.
    package var flows: [UInt64] = []

    package init(
      _ track: Track, _ name: String, category: String, start: UInt64, end: UInt64,
      notes: [String: String] = [:], flows: [UInt64] = []
    ) {
      self.track = track
      self.name = name
      self.category = category
      self.start = start
      self.end = end
      self.notes = notes
      self.flows = flows
    }
  }

  /// Something that happens at a moment.
  package struct Instant: Hashable, Sendable {
    package var track: Track
    package var name: String
    package var category: String
    package var time: UInt64
    package var notes: [String: String] = [:]
    package var flows: [UInt64] = []
  }

  package var pid: Int32
  package var program: String
  package var slices: [Slice] = []
  package var instants: [Instant] = []
  package var threadNames: [Int32: String] = [:]
  package var taskNames: [UInt32: String] = [:]

  package init(pid: Int32, program: String) {
    self.pid = pid
    self.program = program
  }

  /// All tracks that something lies on.
  package var tracks: [Track] {
    Set(slices.map(\.track) + instants.map(\.track)).sorted()
  }
}
