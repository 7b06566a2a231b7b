import CTophashProtocol

/// The first page of an event file: who the process is and how far the probe got.
package struct EventHeader: Hashable, Sendable {
  /// How far the probe got in a process.
  package enum State: Hashable, Sendable {
    case starting, watching, waiting
    case refused(Refusal)
  }

  /// Why the probe could not work in a process.
  package enum Refusal: String, Hashable, Sendable, Codable {
    case unknownRuntime, sanitizer, noHook, unknownReason
  }

  /// Whether the probe followed what orders accesses.
  package enum Order: String, Hashable, Sendable, Codable {
    case ignored, followed, unknown
  }

  package var state: State
  /// `nil` when the probe works in the process, or has not got so far.
  package var refusal: Refusal? {
    if case .refused(let refusal) = state { refusal } else { nil }
  }
  package var hooks: Hooks
  package var order: Order
  package var pid: Int32
  package var parent: Int32
  /// Nanoseconds of the monotonic clock.
  package var start: UInt64
  /// `nil` when the process was killed, crashed, or still runs.
  package var end: UInt64?
  package var program: String
  package var arguments: [String]
  package var work: ProbeWork

  let layout: Layout
  let imageSlots: Int
  /// Slots in use, complete or not.
  package let conflictSlots: Int

  /// Reads the header alone, which is enough to see whether there is anything new.
  package init(bytes: [UInt8]) throws(EventFileError) {
    try self.init(ByteReader(bytes: bytes))
  }

  init(_ reader: ByteReader) throws(EventFileError) {
    switch try reader.field(\tophash_header.magic, of: 0) {
    case TOPHASH_MAGIC: break
    case 0: throw .incomplete
    default: throw .notAnEventFile
    }
    let version = try reader.field(\tophash_header.version, of: 0)
    guard version == TOPHASH_PROTOCOL_VERSION else { throw .otherVersion(version) }

    state = State(
      try reader.field(\tophash_header.state, of: 0),
      refusal: try reader.field(\tophash_header.refusal, of: 0))
    hooks = Hooks(rawValue: try reader.field(\tophash_header.hook, of: 0))
    order =
      switch tophash_order(try reader.field(\tophash_header.order, of: 0)) {
      case TOPHASH_ORDER_IGNORED: .ignored
      case TOPHASH_ORDER_FOLLOWED: .followed
      default: .unknown
      }
    pid = Int32(truncatingIfNeeded: try reader.field(\tophash_header.pid, of: 0))
    parent = Int32(truncatingIfNeeded: try reader.field(\tophash_header.parent_pid, of: 0))
    start = try reader.field(\tophash_header.start_ns, of: 0)
    let end = try reader.field(\tophash_header.end_ns, of: 0)
    self.end = end == 0 ? nil : end
    program = try reader.text(\tophash_header.program, of: 0)
    arguments = try Self.arguments(reader)
    work = try ProbeWork(reader)
    layout = try Layout(reader)
    imageSlots = min(
      Int(try reader.field(\tophash_header.image_count, of: 0)), Int(TOPHASH_IMAGES))
    conflictSlots = min(
      Int(try reader.field(\tophash_header.conflict_count, of: 0)), Int(TOPHASH_CONFLICTS))
  }

  /// NUL ends an argument, an empty one ends the list. (An argument that is empty itself cannot
  /// be told from the end; what follows it is lost, which only shortens a text.)
  private static func arguments(_ reader: ByteReader) throws(EventFileError) -> [String] {
    guard let start = MemoryLayout<tophash_header>.offset(of: \.arguments) else { return [] }
    let room = MemoryLayout.size(ofValue: tophash_header().arguments)
    var arguments: [String] = []
    for piece in try reader.slice(at: start, count: room)
      .split(separator: 0, omittingEmptySubsequences: false)
    {
      if piece.isEmpty { break }
      arguments.append(String(decoding: piece, as: UTF8.self))
    }
    return arguments
  }
}

extension EventHeader {
  /// Ways in which the probe sees accesses.
  package struct Hooks: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Calls between images, through the dynamic linker.
    package static let interposed = Hooks(rawValue: TOPHASH_HOOK_INTERPOSED.rawValue)
    /// The runtime's own entry points: also key paths and static runtimes.
    package static let patched = Hooks(rawValue: TOPHASH_HOOK_PATCHED.rawValue)
    /// The question before storage is modified in place.
    package static let gate = Hooks(rawValue: TOPHASH_HOOK_GATE.rawValue)
  }

  /// Where the parts of the file start.
  struct Layout: Hashable, Sendable {
    var counters: Int
    var locks: Int
    var images: Int
    var conflicts: Int
    var visits: Int
    var scopes: Int

    init(_ reader: ByteReader) throws(EventFileError) {
      counters = Int(try reader.field(\tophash_header.counters_offset, of: 0))
      locks = Int(try reader.field(\tophash_header.locks_offset, of: 0))
      images = Int(try reader.field(\tophash_header.images_offset, of: 0))
      conflicts = Int(try reader.field(\tophash_header.conflicts_offset, of: 0))
      visits = Int(try reader.field(\tophash_header.visits_offset, of: 0))
      scopes = Int(try reader.field(\tophash_header.scopes_offset, of: 0))
    }

    func conflict(_ slot: Int) -> Int {
      conflicts + slot * MemoryLayout<tophash_conflict>.stride
    }
  }
}

extension EventHeader.State {
  init(_ state: UInt32, refusal: UInt32) {
    switch tophash_state(state) {
    case TOPHASH_STATE_WATCHING: self = .watching
    case TOPHASH_STATE_WAITING: self = .waiting
    case TOPHASH_STATE_REFUSED:
      switch tophash_refusal(refusal) {
      case TOPHASH_REFUSAL_UNKNOWN_RUNTIME: self = .refused(.unknownRuntime)
      case TOPHASH_REFUSAL_SANITIZER: self = .refused(.sanitizer)
      case TOPHASH_REFUSAL_NO_HOOK: self = .refused(.noHook)
      default: self = .refused(.unknownReason)
      }
    default: self = .starting
    }
  }
}
