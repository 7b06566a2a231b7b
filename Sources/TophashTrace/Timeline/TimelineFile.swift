import CTophashProtocol
import TophashFindings

/// What the probe recorded of the course of one process: the last events of each thread.
///
/// Read from bytes that cannot be trusted, at the end of the process or while it runs: events that
/// are just being written are left out.
package struct TimelineFile: Sendable {
  package enum Kind: UInt16, Sendable {
    case taskEnter = 1
    case taskLeave, wait, queued, through, itemSubmit, itemBegin, itemEnd, hold
    case accessBegin, accessEnd, regionBegin, regionEnd, log, count
    case regionOpen, regionClose
  }

  package struct Event: Hashable, Sendable {
    package var kind: Kind
    package var time: UInt64
    package var thread: Int32
    package var what: UInt64 = 0
    package var since: UInt64 = 0
    package var more: UInt16 = 0

    package init(
      _ kind: Kind, time: UInt64, thread: Int32, what: UInt64 = 0, since: UInt64 = 0,
      more: UInt16 = 0
    ) {
      self.kind = kind
      self.time = time
      self.thread = thread
      self.what = what
      self.since = since
      self.more = more
    }
  }

  /// What a thread does now.
  package struct Lane: Hashable, Sendable {
    package var thread: Int32
    /// The runtime's number of the task that it runs; 0 for none.
    package var task: UInt32
    /// When that task began or resumed.
    package var since: UInt64
    /// Address of the type metadata of the actor or executor that it runs on; 0 for the pool.
    package var executor: UInt64 = 0
    /// How the thread is called among those that wait.
    package var waiter: UInt64 = 0

    package init(
      thread: Int32, task: UInt32, since: UInt64, executor: UInt64 = 0, waiter: UInt64 = 0
    ) {
      self.thread = thread
      self.task = task
      self.since = since
      self.executor = executor
      self.waiter = waiter
    }
  }

  /// In the order of time.
  package var events: [Event]
  package var strings: [Int: String]
  package var lanes: [Lane]
  /// Events that were written over by later ones.
  package var overwritten: UInt64

  package init(bytes: [UInt8]) throws(EventFileError) {
    let layout = try Layout(bytes: bytes)
    lanes = try layout.lanes()
    strings = [:]
    for index in 0..<Int(TOPHASH_STRINGS) {
      let base = layout.strings + index * MemoryLayout<tophash_string>.stride
      guard try layout.reader.field(\tophash_string.state, of: base) == 1 else { continue }
      strings[index] = try layout.reader.text(\tophash_string.text, of: base)
    }
    events = []
    overwritten = 0
    for lane in 0..<Int(TOPHASH_LANES) {
      let next = try layout.reader.field(\tophash_lane.next, of: layout.lane(lane))
      let count = min(next, UInt64(TOPHASH_LANE_EVENTS))
      overwritten &+= next - count
      for index in 0..<Int(count) {
        if let event = try layout.event(lane, index) { events.append(event) }
      }
    }
    events.sort { $0.time < $1.time }
  }

  /// Only what the threads do now: a look at a process that runs costs a few pages.
  package static func lanes(bytes: [UInt8]) throws(EventFileError) -> [Lane] {
    try Layout(bytes: bytes).lanes()
  }

  /// As many bytes from the beginning as `lanes(bytes:)` needs.
  package static let bytesToLanes =
    Int(TOPHASH_TIMELINE_HEADER_BYTES) + Int(TOPHASH_LANES) * MemoryLayout<tophash_lane>.stride
}

private struct Layout {
  var reader: ByteReader
  var lanesStart: Int
  var strings: Int
  var events: Int

  init(bytes: [UInt8]) throws(EventFileError) {
    reader = ByteReader(bytes: bytes)
    switch try reader.field(\tophash_timeline_header.magic, of: 0) {
    case TOPHASH_TIMELINE_MAGIC: break
    case 0: throw .incomplete
    default: throw .notAnEventFile
    }
    let version = try reader.field(\tophash_timeline_header.version, of: 0)
    guard version == TOPHASH_TIMELINE_VERSION else { throw .otherVersion(version) }
    lanesStart = Int(try reader.field(\tophash_timeline_header.lanes_offset, of: 0))
    strings = Int(try reader.field(\tophash_timeline_header.strings_offset, of: 0))
    events = Int(try reader.field(\tophash_timeline_header.events_offset, of: 0))
  }

  func lane(_ index: Int) -> Int { lanesStart + index * MemoryLayout<tophash_lane>.stride }

  func lanes() throws(EventFileError) -> [TimelineFile.Lane] {
    var lanes: [TimelineFile.Lane] = []
    for index in 0..<Int(TOPHASH_LANES) {
      let base = lane(index)
      let thread = try reader.field(\tophash_lane.tid, of: base)
      if thread == 0 { continue }
      lanes.append(
        TimelineFile.Lane(
          thread: Int32(truncatingIfNeeded: thread),
          task: try reader.field(\tophash_lane.task, of: base),
          since: try reader.field(\tophash_lane.since_ns, of: base),
          executor: try reader.field(\tophash_lane.executor, of: base),
          waiter: try reader.field(\tophash_lane.waiter, of: base)))
    }
    return lanes
  }

  // Sums instead of key paths: there are half a million of them.
  func event(_ lane: Int, _ index: Int) throws(EventFileError) -> TimelineFile.Event? {
    let base =
      events + (lane * Int(TOPHASH_LANE_EVENTS) + index) * MemoryLayout<tophash_moment>.stride
    let time: UInt64 = try reader.integer(at: base)
    let kind: UInt16 = try reader.integer(at: base + 28)
    guard time != 0, let kind = TimelineFile.Kind(rawValue: kind) else { return nil }
    let thread: Int32 = try reader.integer(at: base + 24)
    return TimelineFile.Event(
      kind, time: time, thread: thread, what: try reader.integer(at: base + 8),
      since: try reader.integer(at: base + 16), more: try reader.integer(at: base + 30))
  }
}
