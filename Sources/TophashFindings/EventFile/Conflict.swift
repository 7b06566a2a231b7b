import CTophashProtocol

/// Two accesses of one variable that conflict, in raw facts.
package struct Conflict: Hashable, Sendable {
  /// One of the two accesses.
  package struct Side: Hashable, Sendable {
    package var flags: Flags
    /// Equal owners are one task or thread.
    package var owner: UInt64
    /// As the runtime shows it; `nil` for a thread, or when not known.
    package var taskID: UInt64?
    package var threadID: Int32
    package var threadName: String?
    package var queueLabel: String?
    package var taskName: String?
    /// Return addresses, innermost first; the first one is that of the access itself.
    package var frames: [UInt64]
    /// Where the awaiting callers will resume, innermost first.
    package var asyncFrames: [UInt64]
    /// The accessing function's registers and its part of the stack, which starts at
    /// `stackPointer`: to unwind where functions keep no frame pointer.
    package var stackPointer: UInt64
    package var framePointer: UInt64
    package var stack: [UInt8]
    /// The number of the scope in which it was made; 0 when in none, or not known.
    package var scope: UInt32 = 0
  }

  /// What is known of a side.
  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let modify = Flags(rawValue: TOPHASH_SIDE_MODIFY.rawValue)
    package static let task = Flags(rawValue: TOPHASH_SIDE_TASK.rawValue)
    package static let held = Flags(rawValue: TOPHASH_SIDE_HELD.rawValue)
    package static let stable = Flags(rawValue: TOPHASH_SIDE_STABLE.rawValue)
    package static let suspended = Flags(rawValue: TOPHASH_SIDE_SUSPENDED.rawValue)
    package static let amended = Flags(rawValue: TOPHASH_SIDE_AMENDED.rawValue)
    package static let item = Flags(rawValue: TOPHASH_SIDE_ITEM.rawValue)
    package static let unnamed = Flags(rawValue: TOPHASH_SIDE_UNNAMED.rawValue)
  }

  /// What the address is that of.
  package enum Subject: Hashable, Sendable {
    case variable
    /// The buffer that a variable refers to; which variable is not known.
    case storage
  }

  /// Its place in the event file.
  package var slot: Int
  package var grade: Grade
  package var time: UInt64
  package var subject: Subject
  /// Of the variable, or of its storage.
  package var address: UInt64
  /// Times that the same pair of sites met again.
  package var repeats: UInt64
  /// The access that was open, or is over; and the one that began meanwhile, or later.
  package var open: Side
  package var begun: Side
  /// Whether a test said beforehand that it would come.
  package var isExpected: Bool
  /// Memory that names the variable.
  package var snapshot: [UInt8]

  /// Reads the conflict at byte `start`; `nil` while the probe has not completed it.
  init?(_ reader: ByteReader, at start: Int, slot: Int) throws(EventFileError) {
    let complete: UInt32 = 2
    guard try reader.field(\tophash_conflict.state, of: start) == complete else { return nil }
    self.slot = slot
    let proof = try reader.field(\tophash_conflict.proof, of: start)
    grade = proof == TOPHASH_PROOF_OVERLAP.rawValue ? .caught : .unordered
    time = try reader.field(\tophash_conflict.time_ns, of: start)
    address = try reader.field(\tophash_conflict.address, of: start)
    let subject = try reader.field(\tophash_conflict.subject, of: start)
    self.subject = subject == TOPHASH_SUBJECT_STORAGE.rawValue ? .storage : .variable
    repeats = try reader.field(\tophash_conflict.repeats, of: start)
    let sides = reader.position(of: \tophash_conflict.sides, in: start)
    isExpected =
      try reader.field(\tophash_conflict.flags, of: start)
      & TOPHASH_CONFLICT_EXPECTED.rawValue != 0
    open = try Side(reader, at: sides)
    begun = try Side(reader, at: sides + MemoryLayout<tophash_side>.stride)

    // Swift does not import an array of this length; it is the last field, behind 4 + 4 bytes.
    let used = Int(try reader.field(\tophash_conflict.snapshot_size, of: start))
    snapshot = Array(
      try reader.slice(
        at: reader.position(of: \tophash_conflict.snapshot_size, in: start) + 8,
        count: min(used, Int(TOPHASH_SNAPSHOT_BYTES))))
  }

  /// The byte of the file at which the tool writes its verdict on the conflict in `slot`.
  package static func verdictOffset(slot: Int, in header: EventHeader) -> Int {
    ByteReader.offset(of: \tophash_conflict.verdict, from: header.layout.conflict(slot))
  }
}

extension Conflict.Side {
  init(_ reader: ByteReader, at start: Int) throws(EventFileError) {
    flags = Conflict.Flags(rawValue: try reader.field(\tophash_side.flags, of: start))
    owner = try reader.field(\tophash_side.owner, of: start)
    let task = try reader.field(\tophash_side.task_id, of: start)
    taskID = task == 0 ? nil : task
    threadID = Int32(truncatingIfNeeded: try reader.field(\tophash_side.tid, of: start))
    threadName = try reader.text(\tophash_side.thread_name, of: start).nilIfEmpty
    queueLabel = try reader.text(\tophash_side.queue_label, of: start).nilIfEmpty
    taskName = try reader.text(\tophash_side.task_name, of: start).nilIfEmpty
    frames = try reader.words(
      \tophash_side.frames, of: start,
      count: Int(try reader.field(\tophash_side.frame_count, of: start)))
    asyncFrames = try reader.words(
      \tophash_side.async_frames, of: start,
      count: Int(try reader.field(\tophash_side.async_count, of: start)))
    stackPointer = try reader.field(\tophash_side.stack_pointer, of: start)
    framePointer = try reader.field(\tophash_side.frame_pointer, of: start)
    // Swift does not import an array of this length; it is the last field, behind 4 + 4 bytes.
    let used = Int(try reader.field(\tophash_side.stack_size, of: start))
    stack = Array(
      try reader.slice(
        at: reader.position(of: \tophash_side.stack_size, in: start) + 8,
        count: min(used, Int(TOPHASH_STACK_BYTES))))
    scope = try reader.field(\tophash_side.scope, of: start)
    if frames.isEmpty { frames = [try reader.field(\tophash_side.pc, of: start)] }
  }
}

extension String {
  package var nilIfEmpty: String? { isEmpty ? nil : self }
}
