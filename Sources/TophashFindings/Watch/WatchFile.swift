import CTophashProtocol
import TophashSymbols

/// What the probe wrote down of the variables that it watched in one process.
///
/// Read from bytes that cannot be trusted, as `EventFile` is.
package struct WatchFile: Sendable {
  package enum State: Hashable, Sendable {
    case armed
    /// With the system's error number.
    case forbidden(Int32)
    /// Objects could not be followed as they are made.
    case noObjects
    case unknown
  }

  package var state: State
  package var isSoftware: Bool
  /// The limit was reached.
  package var isOver: Bool
  /// Of all hits: more than there are records when there was no room.
  package var hitCount: UInt64
  /// By threads of other names.
  package var passed: UInt64
  /// On threads that had blocked the signal: when, but not where.
  package var late: UInt64
  /// By the kernel; 0 when the process did not end by itself.
  package var counted: UInt64
  package var pauses: UInt64
  package var holds: UInt64
  package var heldNanoseconds: UInt64
  /// How often a watched entry went to another place.
  package var moves: UInt64
  /// Entries and variables that found no watchpoint free.
  package var crowded: UInt64
  /// Variables that lie in no object.
  package var stray: UInt64
  /// Of what the text says no key.
  package var noKeys: Set<Int>
  /// Objects that were made, and those of them that were watched, by number of the variable.
  package var objects: [Int]
  package var watched: [Int]
  package var hits: [Hit]
  /// Who and where, by their number.
  package var places: [Place: Conflict.Side]

  /// An owner and a stack.
  package struct Place: Hashable, Sendable {
    package var owner: Int
    package var stack: Int
  }

  /// One use of a watched variable.
  package struct Hit: Hashable, Sendable {
    package var time: UInt64
    package var address: UInt64
    package var before: UInt64
    package var after: UInt64
    package var place: Place
    package var variable: Int
    /// Of the object, from 1; 0 for a global.
    package var object: Int
    package var flags: Flags
  }

  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There was no value before.
    package static let first = Flags(rawValue: TOPHASH_HIT_FIRST.rawValue)
    /// An entry was not there before, or is gone.
    package static let inserted = Flags(rawValue: TOPHASH_HIT_INSERTED.rawValue)
    package static let removed = Flags(rawValue: TOPHASH_HIT_REMOVED.rawValue)
    /// Told by the runtime's checks.
    package static let announced = Flags(rawValue: TOPHASH_HIT_ANNOUNCED.rawValue)
    package static let modify = Flags(rawValue: TOPHASH_HIT_MODIFY.rawValue)
    /// The value after it is not known.
    package static let instantaneous = Flags(rawValue: TOPHASH_HIT_INSTANTANEOUS.rawValue)
  }

  /// - Complexity: O(n) in the number of hits.
  package init(bytes: [UInt8]) throws(EventFileError) {
    let reader = ByteReader(bytes: bytes)
    switch try reader.field(\tophash_watch_header.magic, of: 0) {
    case TOPHASH_WATCH_MAGIC: break
    case 0: throw .incomplete
    default: throw .notAnEventFile
    }
    let version = try reader.field(\tophash_watch_header.version, of: 0)
    guard version == TOPHASH_PROTOCOL_VERSION else { throw .otherVersion(version) }
    let error = try reader.field(\tophash_watch_header.error, of: 0)
    switch try reader.field(\tophash_watch_header.state, of: 0) {
    case TOPHASH_WATCH_ARMED.rawValue: state = .armed
    case TOPHASH_WATCH_FORBIDDEN.rawValue: state = .forbidden(error)
    case TOPHASH_WATCH_NO_OBJECTS.rawValue: state = .noObjects
    default: state = .unknown
    }
    isSoftware = try reader.field(\tophash_watch_header.is_software, of: 0) != 0
    isOver = try reader.field(\tophash_watch_header.is_over, of: 0) != 0
    hitCount = try reader.field(\tophash_watch_header.hits, of: 0)
    passed = try reader.field(\tophash_watch_header.passed, of: 0)
    late = try reader.field(\tophash_watch_header.late, of: 0)
    counted = try reader.field(\tophash_watch_header.counted, of: 0)
    pauses = try reader.field(\tophash_watch_header.pauses, of: 0)
    holds = try reader.field(\tophash_watch_header.holds, of: 0)
    heldNanoseconds = try reader.field(\tophash_watch_header.held_ns, of: 0)
    moves = try reader.field(\tophash_watch_header.moves, of: 0)
    crowded = try reader.field(\tophash_watch_header.crowded, of: 0)
    stray = try reader.field(\tophash_watch_header.stray, of: 0)
    let noKeys = try reader.field(\tophash_watch_header.no_keys, of: 0)
    self.noKeys = Set((0..<Int(TOPHASH_WATCH_SLOTS)).filter { noKeys >> $0 & 1 != 0 })
    objects = try Self.counts(reader, reader.position(of: \tophash_watch_header.objects, in: 0))
    watched = try Self.counts(reader, reader.position(of: \tophash_watch_header.watched, in: 0))
    hits = try Self.hits(reader, count: min(hitCount, UInt64(TOPHASH_WATCH_HITS)))
    places = [:]
    for place in Set(hits.map(\.place)) {
      places[place] = try Conflict.Side(reader, place)
    }
  }

  private static func counts(_ reader: ByteReader, _ start: Int) throws(EventFileError) -> [Int] {
    var counts: [Int] = []
    for index in 0..<Int(TOPHASH_WATCH_SLOTS) {
      counts.append(Int(try reader.integer(at: start + 4 * index) as UInt32))
    }
    return counts
  }

  fileprivate static let owners = Int(TOPHASH_HEADER_BYTES)
  fileprivate static let stacks =
    owners + Int(TOPHASH_WATCH_OWNERS) * MemoryLayout<tophash_watch_owner>.stride
  private static let hitsStart =
    stacks + Int(TOPHASH_WATCH_STACKS) * MemoryLayout<tophash_watch_stack>.stride

  private static func hits(
    _ reader: ByteReader, count: UInt64
  ) throws(EventFileError) -> [Hit] {
    let stride = MemoryLayout<tophash_hit>.stride
    let flags = reader.position(of: \tophash_hit.flags, in: 0)
    let complete = TOPHASH_HIT_COMPLETE.rawValue
    var hits: [Hit] = []
    hits.reserveCapacity(Int(count))
    for index in 0..<Int(count) {
      let start = hitsStart + index * stride
      let bits: UInt32 = try reader.integer(at: start + flags)
      // A process that was killed may have left one half written.
      guard bits & complete != 0 else { continue }
      func word(_ index: Int) throws(EventFileError) -> UInt64 {
        try reader.integer(at: start + 8 * index)
      }
      func half(_ index: Int) throws(EventFileError) -> Int {
        Int(try reader.integer(at: start + 32 + 4 * index) as UInt32)
      }
      hits.append(
        Hit(
          time: try word(0), address: try word(1), before: try word(2), after: try word(3),
          place: Place(owner: try half(0), stack: try half(1)), variable: try half(2),
          object: try half(3), flags: Flags(rawValue: bits & ~complete)))
    }
    return hits.sorted { $0.time < $1.time }
  }
}

extension Conflict.Side {
  /// Put together from the two sets.
  fileprivate init(_ reader: ByteReader, _ place: WatchFile.Place) throws(EventFileError) {
    self.init()
    if place.owner < Int(TOPHASH_WATCH_OWNERS) {
      let start = WatchFile.owners + place.owner * MemoryLayout<tophash_watch_owner>.stride
      owner = try reader.field(\tophash_watch_owner.task, of: start)
      let task = try reader.field(\tophash_watch_owner.task_id, of: start)
      taskID = task == 0 ? nil : task
      threadID = Int32(truncatingIfNeeded: try reader.field(\tophash_watch_owner.tid, of: start))
      if owner != 0 { flags.insert(.task) } else { owner = UInt64(UInt32(bitPattern: threadID)) }
      threadName = try reader.text(\tophash_watch_owner.thread_name, of: start).nilIfEmpty
      queueLabel = try reader.text(\tophash_watch_owner.queue_label, of: start).nilIfEmpty
      taskName = try reader.text(\tophash_watch_owner.task_name, of: start).nilIfEmpty
    }
    guard place.stack < Int(TOPHASH_WATCH_STACKS) else { return }
    let start = WatchFile.stacks + place.stack * MemoryLayout<tophash_watch_stack>.stride
    flags.insert(.stable)
    frames = try reader.words(
      \tophash_watch_stack.frames, of: start,
      count: Int(try reader.field(\tophash_watch_stack.frame_count, of: start)))
    asyncFrames = try reader.words(
      \tophash_watch_stack.async_frames, of: start,
      count: Int(try reader.field(\tophash_watch_stack.async_count, of: start)))
    stackPointer = try reader.field(\tophash_watch_stack.stack_pointer, of: start)
    framePointer = try reader.field(\tophash_watch_stack.frame_pointer, of: start)
    let used = Int(try reader.field(\tophash_watch_stack.stack_size, of: start))
    stack = Array(
      try reader.slice(
        at: reader.position(of: \tophash_watch_stack.stack, in: start),
        count: min(used, Int(TOPHASH_WATCH_STACK_BYTES))))
  }

  fileprivate init() {
    self.init(
      flags: [], owner: 0, taskID: nil, threadID: 0, threadName: nil, queueLabel: nil,
      taskName: nil, frames: [], asyncFrames: [], stackPointer: 0, framePointer: 0, stack: [])
  }
}
