/// The course of one process in words: tracks, what lay on them, and what led where.
package struct Timeline: Sendable {
  /// Who does something: a thread, or a task on whichever thread. What may overlap with that lies
  /// on further tracks beneath, by number.
  package indirect enum Track: Hashable, Comparable, Sendable {
    case thread(Int32)
    case task(UInt32)
    case regions(of: Track, lane: Int)

    /// The thread or task.
    package var owner: Track {
      if case .regions(let owner, _) = self { owner } else { self }
    }
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
    /// For an access whose begin and end are both known.
    package var access: Access?

    package init(
      _ track: Track, _ name: String, category: String, start: UInt64, end: UInt64,
      notes: [String: String] = [:], flows: [UInt64] = [], access: Access? = nil
    ) {
      self.track = track
      self.name = name
      self.category = category
      self.start = start
      self.end = end
      self.notes = notes
      self.flows = flows
      self.access = access
    }
  }

  /// What an access is that of.
  package struct Access: Hashable, Sendable {
    package var variable: String
    package var address: UInt64
    package var modifies: Bool
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

  /// What a figure was at a moment.
  package struct Count: Hashable, Sendable {
    package var name: String
    package var time: UInt64
    package var value: Double

    package init(name: String, time: UInt64, value: Double) {
      self.name = name
      self.time = time
      self.value = value
    }
  }

  package var pid: Int32
  package var program: String
  package var slices: [Slice] = []
  package var instants: [Instant] = []
  package var counts: [Count] = []
  package var threadNames: [Int32: String] = [:]
  package var taskNames: [UInt32: String] = [:]
  /// How often two threads were inside of a variable at one time, one of them to modify it.
  package var overlaps: [String: Int] = [:]

  package init(pid: Int32, program: String) {
    self.pid = pid
    self.program = program
  }

  /// All tracks that something lies on, and those above them, which come first.
  package var tracks: [Track] {
    let used = Set(slices.map(\.track) + instants.map(\.track))
    return used.union(used.map(\.owner)).sorted()
  }
}
