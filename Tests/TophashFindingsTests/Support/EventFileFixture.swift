import CTophashProtocol

@testable import TophashFindings

/// Builds an event file from the protocol's own structures, as the probe does.
struct EventFileFixture {
  struct Side {
    var flags = TOPHASH_SIDE_MODIFY.rawValue | TOPHASH_SIDE_STABLE.rawValue
    var taskID: UInt64 = 0
    var threadID: UInt32 = 100
    var threadName = ""
    var queueLabel = ""
    var taskName = ""
    var scope: UInt32 = 0
    var frames: [UInt64] = [0x1001]
    var asyncFrames: [UInt64] = []
    var stack: [UInt8] = []

    static func task(_ id: UInt64, _ name: String, frames: [UInt64]) -> Side {
      var side = Side()
      side.flags |= TOPHASH_SIDE_TASK.rawValue
      (side.taskID, side.taskName, side.frames) = (id, name, frames)
      return side
    }

    func reading() -> Side {
      var side = self
      side.flags &= ~TOPHASH_SIDE_MODIFY.rawValue
      return side
    }
  }

  struct Conflict {
    var state: UInt32 = 2
    var subject = TOPHASH_SUBJECT_VARIABLE.rawValue
    var address: UInt64 = 0x7000
    var repeats: UInt64 = 0
    var open = Side.task(1, "one", frames: [0x1001])
    var begun = Side.task(2, "two", frames: [0x2001])
    var snapshot: [UInt8] = []
    var proof = TOPHASH_PROOF_OVERLAP.rawValue
    var flags: UInt32 = 0
  }

  var magic: UInt64 = TOPHASH_MAGIC
  var version = TOPHASH_PROTOCOL_VERSION
  var state = TOPHASH_STATE_WATCHING.rawValue
  var refusal: UInt32 = 0
  var hook = TOPHASH_HOOK_PATCHED.rawValue
  var pid: UInt32 = 4242
  var parent: UInt32 = 4200
  var start: UInt64 = 1
  var end: UInt64 = 0
  var program = "/shop/.build/debug/Warehouse"
  var arguments = ["Warehouse", "--fast"]
  var counters: [(tracked: UInt64, instantaneous: UInt64)] = []
  var locks: [UInt64] = []
  var images: [(path: String, base: UInt64, low: UInt64, high: UInt64)] = []
  var conflicts: [Conflict] = []
  var visits: [SiteVisit] = []
  var scopes: [UInt32: Scope] = [:]
  var change: (inout tophash_header) -> Void = { _ in }

  /// The file's bytes.
  var bytes: [UInt8] {
    let countersAt = Int(TOPHASH_HEADER_BYTES)
    let locksAt = countersAt + Int(TOPHASH_COUNTERS) * MemoryLayout<tophash_counters>.stride
    let imagesAt = locksAt + Int(TOPHASH_LOCKS) * 8
    let conflictsAt = imagesAt + Int(TOPHASH_IMAGES) * MemoryLayout<tophash_image>.stride
    let visitsAt = conflictsAt + Int(TOPHASH_CONFLICTS) * MemoryLayout<tophash_conflict>.stride
    let scopesAt = visitsAt + Int(TOPHASH_VISITS) * MemoryLayout<tophash_visited>.stride
    let size = scopesAt + Int(TOPHASH_SCOPES) * MemoryLayout<tophash_scope>.stride
    var bytes = [UInt8](repeating: 0, count: size)

    var header = tophash_header()
    header.magic = magic
    header.version = version
    (header.state, header.refusal, header.hook) = (state, refusal, hook)
    (header.pid, header.parent_pid) = (pid, parent)
    (header.start_ns, header.end_ns) = (start, end)
    header.counters_offset = UInt32(countersAt)
    header.locks_offset = UInt32(locksAt)
    header.images_offset = UInt32(imagesAt)
    header.conflicts_offset = UInt32(conflictsAt)
    header.visits_offset = UInt32(visitsAt)
    header.scopes_offset = UInt32(scopesAt)
    header.image_count = UInt32(images.count)
    header.conflict_count = UInt32(conflicts.count)
    fill(&header.program, with: Array(program.utf8))
    fill(&header.arguments, with: Array((arguments.joined(separator: "\0") + "\0").utf8))
    change(&header)
    put(header, at: 0, in: &bytes)

    for (index, line) in counters.enumerated() {
      var counters = tophash_counters()
      (counters.tracked, counters.instantaneous) = line
      put(counters, at: countersAt + index * MemoryLayout<tophash_counters>.stride, in: &bytes)
    }
    for (index, lock) in locks.enumerated() { put(lock, at: locksAt + index * 8, in: &bytes) }
    for (index, image) in images.enumerated() {
      var entry = tophash_image()
      (entry.base, entry.low, entry.high) = (image.base, image.low, image.high)
      fill(&entry.path, with: Array(image.path.utf8))
      put(entry, at: imagesAt + index * MemoryLayout<tophash_image>.stride, in: &bytes)
    }
    for (index, visit) in visits.enumerated() {
      var record = tophash_visited()
      record.pc = visit.address
      record.flags = visit.isShared ? TOPHASH_VISITED_SHARED.rawValue : 0
      (record.hold_ns, record.held_ns) = (visit.holdTime, visit.heldNanoseconds)
      (record.holds, record.caught) = (visit.holds, visit.caught)
      (record.near_misses, record.delays) = (visit.nearMisses, visit.delays)
      put(record, at: visitsAt + (index * 7 + 5) * MemoryLayout<tophash_visited>.stride, in: &bytes)
    }
    for (number, scope) in scopes {
      var record = tophash_scope()
      (record.state, record.parent) = (2, scope.parent)
      fill(&record.name, with: Array(scope.name.utf8))
      put(record, at: scopesAt + Int(number) * MemoryLayout<tophash_scope>.stride, in: &bytes)
    }
    for (index, conflict) in conflicts.enumerated() {
      record(conflict, at: conflictsAt + index * MemoryLayout<tophash_conflict>.stride, in: &bytes)
    }
    return bytes
  }

  func parsed() throws -> EventFile { try EventFile(bytes: bytes) }

  private func record(_ conflict: Conflict, at start: Int, in bytes: inout [UInt8]) {
    var record = tophash_conflict()
    record.state = conflict.state
    record.subject = conflict.subject
    record.address = conflict.address
    record.proof = conflict.proof
    record.repeats = conflict.repeats
    record.flags = conflict.flags
    record.sides = (side(conflict.open), side(conflict.begun))
    record.snapshot_size = UInt32(conflict.snapshot.count)
    put(record, at: start, in: &bytes)
    // The two arrays that are too long for Swift to see them are the last of their structures.
    let sides = MemoryLayout<tophash_conflict>.offset(of: \.sides)!
    for (index, side) in [conflict.open, conflict.begun].enumerated() {
      let end = start + sides + (index + 1) * MemoryLayout<tophash_side>.stride
      bytes.replace(side.stack, at: end - Int(TOPHASH_STACK_BYTES))
    }
    let end = start + MemoryLayout<tophash_conflict>.stride
    bytes.replace(conflict.snapshot, at: end - Int(TOPHASH_SNAPSHOT_BYTES))
  }

  private func side(_ side: Side) -> tophash_side {
    var record = tophash_side()
    record.pc = side.frames.first ?? 0x99
    record.owner = side.taskID + 1000
    record.task_id = side.taskID
    record.tid = side.threadID
    record.flags = side.flags
    record.scope = side.scope
    fill(&record.thread_name, with: Array(side.threadName.utf8))
    fill(&record.queue_label, with: Array(side.queueLabel.utf8))
    fill(&record.task_name, with: Array(side.taskName.utf8))
    record.frame_count = UInt32(side.frames.count)
    record.async_count = UInt32(side.asyncFrames.count)
    fill(&record.frames, with: side.frames)
    fill(&record.async_frames, with: side.asyncFrames)
    record.stack_pointer = 0x7fff_0000
    record.stack_size = UInt32(side.stack.count)
    return record
  }
}

/// Copies `elements` to the start of an array of C.
private func fill<Storage, Element>(_ storage: inout Storage, with elements: [Element]) {
  withUnsafeMutableBytes(of: &storage) { storage in
    elements.withUnsafeBytes { storage.copyMemory(from: UnsafeRawBufferPointer($0)) }
  }
}

private func put<Value>(_ value: Value, at start: Int, in bytes: inout [UInt8]) {
  withUnsafeBytes(of: value) { bytes.replace(Array($0), at: start) }
}

extension [UInt8] {
  fileprivate mutating func replace(_ new: [UInt8], at start: Int) {
    replaceSubrange(start..<(start + new.count), with: new)
  }
}
