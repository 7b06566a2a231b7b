import CTophashProtocol
import TophashFindings

/// What the probe recorded about the waits of one process.
///
/// Read from bytes that cannot be trusted: every read is checked, and counts are limited to what
/// the protocol can hold.
package struct WaitFile: Sendable {
  /// A place at which threads or tasks waited for one kind of thing.
  package struct Place: Hashable, Sendable {
    package var kind: WaitKind
    package var count: UInt64
    package var total: UInt64
    package var longest: UInt64
    /// Of a queue.
    package var label: String?
    /// Address of an actor's type metadata; 0 for other kinds.
    package var metadata: UInt64
    /// Return addresses, innermost first, as frame pointers tell them.
    package var frames: [UInt64]
    /// Where those go on that await this, as it was the first time.
    package var asyncFrames: [UInt64]
    package var stackPointer: UInt64
    package var framePointer: UInt64
    package var stack: [UInt8]
  }

  /// Somebody who waited when the file was read.
  package struct Waiting: Hashable, Sendable {
    /// In nanoseconds of the monotonic clock.
    package var since: UInt64
    /// The slot of the place.
    package var place: Int
  }

  /// By slot.
  package var places: [Int: Place]
  package var waiting: [Waiting]
  /// Waits that found no room.
  package var dropped: UInt64
  /// Whether tasks that wait for an actor can be seen in this process.
  package var seesActors: Bool

  package init(bytes: [UInt8]) throws(EventFileError) {
    let reader = ByteReader(bytes: bytes)
    switch try reader.field(\tophash_wait_header.magic, of: 0) {
    case TOPHASH_WAIT_MAGIC: break
    case 0: throw .incomplete
    default: throw .notAnEventFile
    }
    let version = try reader.field(\tophash_wait_header.version, of: 0)
    guard version == TOPHASH_WAIT_VERSION else { throw .otherVersion(version) }
    dropped =
      try reader.field(\tophash_wait_header.waits_dropped, of: 0)
      &+ reader.field(\tophash_wait_header.waiting_dropped, of: 0)
    seesActors = try reader.field(\tophash_wait_header.sees_actors, of: 0) != 0

    let waits = Int(try reader.field(\tophash_wait_header.waits_offset, of: 0))
    places = [:]
    for slot in 0..<Int(TOPHASH_WAITS) {
      let base = waits + slot * MemoryLayout<tophash_wait>.stride
      if let place = try Place(reader, at: base) { places[slot] = place }
    }

    let slots = Int(try reader.field(\tophash_wait_header.waiting_offset, of: 0))
    waiting = []
    for slot in 0..<Int(TOPHASH_WAITING) {
      let base = slots + slot * MemoryLayout<tophash_waiting>.stride
      let who = try reader.field(\tophash_waiting.who, of: base)
      // All ones: being written.
      guard who != 0, who != .max else { continue }
      let place = try reader.field(\tophash_waiting.wait, of: base)
      guard place < TOPHASH_WAITS, places[Int(place)] != nil else { continue }
      waiting.append(
        Waiting(since: try reader.field(\tophash_waiting.since_ns, of: base), place: Int(place)))
    }
  }
}

extension WaitFile {
  /// What somebody waits for now.
  package struct Subject: Hashable, Sendable {
    package var kind: WaitKind
    /// Of a queue.
    package var label: String?
    /// Address of an actor's type metadata; 0 for other kinds.
    package var metadata: UInt64

    package init(_ kind: WaitKind, label: String? = nil, metadata: UInt64 = 0) {
      self.kind = kind
      self.label = label
      self.metadata = metadata
    }
  }

  /// Somebody who waits now.
  package struct Waiter: Hashable, Sendable {
    /// A name for the thread or task within the file.
    package var who: UInt64
    package var subject: Subject

    package init(_ who: UInt64, for subject: Subject) {
      self.who = who
      self.subject = subject
    }
  }

  /// Only who waits now, and for what.
  package static func waiters(bytes: [UInt8]) throws(EventFileError) -> [Waiter] {
    let reader = ByteReader(bytes: bytes)
    guard try reader.field(\tophash_wait_header.magic, of: 0) == TOPHASH_WAIT_MAGIC else {
      throw .incomplete
    }
    let waits = Int(try reader.field(\tophash_wait_header.waits_offset, of: 0))
    let slots = Int(try reader.field(\tophash_wait_header.waiting_offset, of: 0))
    var waiters: [Waiter] = []
    for slot in 0..<Int(TOPHASH_WAITING) {
      let base = slots + slot * MemoryLayout<tophash_waiting>.stride
      let who: UInt64 = try reader.integer(at: base)
      guard who != 0, who != .max else { continue }
      let place = try reader.field(\tophash_waiting.wait, of: base)
      guard place < TOPHASH_WAITS else { continue }
      let wait = waits + Int(place) * MemoryLayout<tophash_wait>.stride
      guard let kind = WaitKind(rawValue: try reader.field(\tophash_wait.kind, of: wait)) else {
        continue
      }
      let subject = Subject(
        kind, label: try reader.text(\tophash_wait.label, of: wait).nilIfEmpty,
        metadata: try reader.field(\tophash_wait.metadata, of: wait))
      waiters.append(Waiter(who, for: subject))
    }
    return waiters
  }
}

extension WaitFile.Place {
  /// `nil` for a slot that is free, or not yet filled in.
  fileprivate init?(_ reader: ByteReader, at base: Int) throws(EventFileError) {
    guard try reader.field(\tophash_wait.key, of: base) != 0,
      try reader.field(\tophash_wait.state, of: base) == 1,
      let kind = WaitKind(rawValue: try reader.field(\tophash_wait.kind, of: base))
    else { return nil }
    self.kind = kind
    count = try reader.field(\tophash_wait.count, of: base)
    total = try reader.field(\tophash_wait.total_ns, of: base)
    longest = try reader.field(\tophash_wait.longest_ns, of: base)
    label = try reader.text(\tophash_wait.label, of: base).nilIfEmpty
    metadata = try reader.field(\tophash_wait.metadata, of: base)
    frames = try reader.words(
      \tophash_wait.frames, of: base,
      count: Int(try reader.field(\tophash_wait.frame_count, of: base)))
    asyncFrames = try reader.words(
      \tophash_wait.async_frames, of: base,
      count: Int(try reader.field(\tophash_wait.async_count, of: base)))
    stackPointer = try reader.field(\tophash_wait.stack_pointer, of: base)
    framePointer = try reader.field(\tophash_wait.frame_pointer, of: base)
    let size = min(
      Int(try reader.field(\tophash_wait.stack_size, of: base)), Int(TOPHASH_WAIT_STACK_BYTES))
    stack = Array(
      try reader.slice(at: reader.position(of: \tophash_wait.stack, in: base), count: size))
  }
}
