import CTophashCore
import CTophashProtocol
import Testing
import TophashFindings
import TophashTestSupport

@testable import TophashTrace

/// The memory of a timeline file, filled by the probe's own functions.
final class TimelineMemory {
  let timeline: tophash_timeline
  private let memory: UnsafeMutableRawPointer
  private static let size =
    Int(TOPHASH_TIMELINE_HEADER_BYTES) + Int(TOPHASH_LANES) * MemoryLayout<tophash_lane>.stride
    + Int(TOPHASH_STRINGS) * MemoryLayout<tophash_string>.stride
    + Int(TOPHASH_LANES * TOPHASH_LANE_EVENTS) * MemoryLayout<tophash_moment>.stride

  init() {
    memory = .allocate(byteCount: Self.size, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
    timeline = tophash_timeline_make(memory)
    timeline.header.pointee.magic = TOPHASH_TIMELINE_MAGIC
  }

  deinit { memory.deallocate() }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: memory, count: Self.size)) }

  func record(
    lane: UInt32, time: UInt64, thread: UInt32 = 7, kind: TimelineFile.Kind = .log, what: UInt64 = 0
  ) {
    var event = tophash_moment()
    event.time_ns = time
    event.tid = thread
    event.kind = kind.rawValue
    event.what = what
    withUnsafePointer(to: timeline) { tophash_timeline_record($0, lane, &event) }
  }

  func intern(_ text: String) -> UInt16 {
    withUnsafePointer(to: timeline) { tophash_timeline_intern($0, text, text.utf8.count) }
  }
}

@Suite struct TimelineFileTests {
  @Test func `a ring holds the last events, in the order of time over all lanes`() throws {
    let memory = TimelineMemory()
    let written = UInt64(TOPHASH_LANE_EVENTS) + 100
    for time in 1...written { memory.record(lane: 3, time: time * 2) }
    memory.record(lane: 9, time: 301)
    let file = try TimelineFile(bytes: memory.bytes)
    #expect(file.overwritten == 100)
    #expect(file.events.count == Int(TOPHASH_LANE_EVENTS) + 1)
    #expect(file.events.map(\.time) == file.events.map(\.time).sorted())
    #expect(file.events.first?.time == 202)
    #expect(file.events.last?.time == written * 2)
  }

  @Test func `one text has one number`() throws {
    let memory = TimelineMemory()
    let first = memory.intern("refresh")
    #expect(memory.intern("refresh") == first)
    let long = memory.intern(String(repeating: "x", count: 200))
    #expect(long != first)
    let file = try TimelineFile(bytes: memory.bytes)
    #expect(file.strings[Int(first)] == "refresh")
    #expect(file.strings[Int(long)] == String(repeating: "x", count: 51))
  }

  @Test func `too many texts are dropped and counted`() {
    let memory = TimelineMemory()
    let numbers = (0..<2000).map { memory.intern("text \($0)") }
    #expect(numbers.contains(UInt16(TOPHASH_NO_STRING)))
    #expect(memory.timeline.header.pointee.strings_dropped > 0)
  }

  @Test func `damaged bytes are an error or other events, but no crash`() {
    let memory = TimelineMemory()
    for time in 1...20 as ClosedRange<UInt64> { memory.record(lane: 0, time: time) }
    let bytes = memory.bytes
    for damaged in mutations(of: bytes, in: 0..<48, seeds: 0..<40) {
      _ = try? TimelineFile(bytes: damaged)
    }
  }
}

@Suite struct TimelineTests {
  private func timeline(_ events: [TimelineFile.Event], strings: [Int: String] = [:]) -> Timeline {
    var file = try! TimelineFile(bytes: TimelineMemory().bytes)
    file.events = events
    file.strings = strings
    return TimelineBuilder.timeline(
      file, pid: 1, program: "/app", end: 100, words: TimelineBuilder.Words())
  }

  @Test func `a task's turn lies on the thread's track and on its own`() {
    let timeline = timeline([
      TimelineFile.Event(.taskEnter, time: 10, thread: 5, what: 3),
      TimelineFile.Event(.taskLeave, time: 30, thread: 5, what: 3),
      TimelineFile.Event(.taskEnter, time: 40, thread: 6, what: 3),
    ])
    #expect(
      timeline.slices.map { "\($0.track) \($0.name) \($0.start) \($0.end)" } == [
        "thread(5) task 3 10 30", "task(3) runs on thread 5 10 30",
        "thread(6) task 3 40 100", "task(3) runs on thread 6 40 100",
      ])
  }

  @Test func `an end without a beginning was written over, and is left out`() {
    let timeline = timeline(
      [
        TimelineFile.Event(.taskLeave, time: 5, thread: 5, what: 3),
        TimelineFile.Event(.itemEnd, time: 6, thread: 5, what: 9),
        TimelineFile.Event(.regionEnd, time: 7, thread: 5),
      ])
    #expect(timeline.slices.isEmpty)
  }

  /// What lies on a track, as `name start-end`.
  private func slices(_ timeline: Timeline, on track: Timeline.Track) -> [String] {
    timeline.slices.filter { $0.track == track }.map { "\($0.name) \($0.start)-\($0.end)" }
  }

  @Test func `a region of a task lies beneath its track, wherever it ends`() {
    let timeline = timeline(
      [
        TimelineFile.Event(.regionBegin, time: 10, thread: 5, what: 3, more: 1),
        TimelineFile.Event(.regionBegin, time: 12, thread: 6, what: 0, more: 1),
        TimelineFile.Event(.regionEnd, time: 20, thread: 7, what: 3, more: 1),
        TimelineFile.Event(.regionEnd, time: 22, thread: 6, what: 0, more: 1),
      ], strings: [1: "refresh"])
    #expect(slices(timeline, on: .regions(of: .task(3), lane: 0)) == ["refresh 10-20"])
    #expect(slices(timeline, on: .thread(6)) == ["refresh 12-22"])
    #expect(timeline.tracks == [.thread(6), .task(3), .regions(of: .task(3), lane: 0)])
  }

  @Test func `regions with a number end by it, in whatever order, and none crosses another`() {
    // `begin` in a task, `begin` in another, a region within the first; the first ends elsewhere,
    // before the one within does.
    let timeline = timeline(
      [
        TimelineFile.Event(.taskEnter, time: 5, thread: 7, what: 3),
        TimelineFile.Event(.regionOpen, time: 10, thread: 7, what: 1, since: 3, more: 1),
        TimelineFile.Event(.regionOpen, time: 11, thread: 8, what: 2, since: 4, more: 1),
        TimelineFile.Event(.regionBegin, time: 12, thread: 7, what: 3, more: 2),
        TimelineFile.Event(.taskLeave, time: 13, thread: 7, what: 3),
        TimelineFile.Event(.regionClose, time: 20, thread: 8, what: 1, since: 4),
        TimelineFile.Event(.regionClose, time: 21, thread: 8, what: 1, since: 4),
        TimelineFile.Event(.taskEnter, time: 25, thread: 9, what: 3),
        TimelineFile.Event(.regionEnd, time: 30, thread: 9, what: 3, more: 2),
        TimelineFile.Event(.taskLeave, time: 40, thread: 9, what: 3),
        TimelineFile.Event(.regionOpen, time: 50, thread: 6, what: 7, since: 0, more: 2),
      ], strings: [1: "request", 2: "parse"])
    #expect(slices(timeline, on: .regions(of: .task(3), lane: 0)) == ["request 10-20"])
    #expect(slices(timeline, on: .regions(of: .task(3), lane: 1)) == ["parse 12-30"])
    #expect(
      slices(timeline, on: .task(3)) == ["runs on thread 7 5-13", "runs on thread 9 25-40"])
    // Never ended.
    #expect(slices(timeline, on: .regions(of: .task(4), lane: 0)) == ["request 11-100"])
    #expect(slices(timeline, on: .regions(of: .thread(6), lane: 0)) == ["parse 50-100"])
    let read = ReadTrace(PerfettoTrace.bytes(of: [timeline]))
    #expect(read.isBalanced)
    #expect(
      Set(read.tracks(of: "parse")) == ["regions of task 3 (2)", "regions of thread"])
  }

  @Test func `slices in lanes lie within each other or apart, in as few lanes as that takes`() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<50 {
      var timeline = Timeline(pid: 1, program: "/app")
      let loose = (0..<40).map { number in
        let start = UInt64.random(in: 0..<200, using: &random)
        return Timeline.Slice(
          .task(1), "\(number)", category: "region", start: start,
          end: start + UInt64.random(in: 1..<60, using: &random))
      }
      timeline.addInLanes(loose)
      #expect(Set(timeline.slices.map(\.name)).count == loose.count)
      for one in timeline.slices {
        for other in timeline.slices where one.track == other.track && one.start < other.start {
          #expect(other.start >= one.end || other.end <= one.end)
        }
      }
    }
    var nested = Timeline(pid: 1, program: "/app")
    nested.addInLanes([
      Timeline.Slice(.task(1), "outer", category: "region", start: 0, end: 50),
      Timeline.Slice(.task(1), "inner", category: "region", start: 10, end: 50),
      Timeline.Slice(.task(1), "next", category: "region", start: 50, end: 60),
    ])
    #expect(Set(nested.slices.map(\.track)) == [.regions(of: .task(1), lane: 0)])
  }

  @Test func `an arrow leads from the line to the turn`() {
    let timeline = timeline([
      TimelineFile.Event(.queued, time: 10, thread: 5, what: 3),
      TimelineFile.Event(.through, time: 25, thread: 6, what: 3, since: 10),
    ])
    #expect(timeline.instants.map(\.flows) == timeline.slices.map(\.flows))
    #expect(timeline.slices.map { [$0.start, $0.end] } == [[10, 25]])
  }

  @Test func `accesses that overlap on two threads are counted, and joined by an arrow`() {
    func access(_ thread: Int32, _ start: UInt64, _ end: UInt64, at address: UInt64, more: UInt16)
      -> [TimelineFile.Event]
    {
      [
        TimelineFile.Event(
          .accessBegin, time: start, thread: thread, what: UInt64(thread), since: address,
          more: more),
        TimelineFile.Event(
          .accessEnd, time: end, thread: thread, what: UInt64(thread), since: address),
      ]
    }
    func overlaps(_ events: [TimelineFile.Event]...) -> Int {
      let timeline = timeline(events.joined().sorted { $0.time < $1.time })
      let arrows = timeline.slices.flatMap(\.flows)
      #expect(arrows.count == 2 * Set(arrows).count)
      #expect(Set(arrows).count == timeline.overlaps["a variable", default: 0])
      return Set(arrows).count
    }
    let modification = access(5, 10, 20, at: 0x100, more: 1)
    #expect(overlaps(modification, access(6, 15, 25, at: 0x100, more: 0)) == 1)
    #expect(overlaps(modification, access(6, 12, 14, at: 0x100, more: 1)) == 1)
    // One after the other, of another object, of readers, of one thread.
    #expect(overlaps(modification, access(6, 20, 25, at: 0x100, more: 1)) == 0)
    #expect(overlaps(modification, access(6, 15, 25, at: 0x200, more: 1)) == 0)
    #expect(
      overlaps(access(5, 10, 20, at: 0x100, more: 0), access(6, 15, 25, at: 0x100, more: 0)) == 0)
    #expect(overlaps(access(5, 10, 20, at: 0x100, more: 0), modification) == 0)
    // Whose end is not known may have ended before.
    #expect(overlaps(Array(modification.prefix(1)), access(6, 15, 25, at: 0x100, more: 1)) == 0)
  }

  @Test func `an access may end on another thread`() {
    let timeline = timeline([
      TimelineFile.Event(.accessBegin, time: 10, thread: 5, what: 9, since: 0x100, more: 1),
      TimelineFile.Event(.accessEnd, time: 20, thread: 6, what: 9, since: 0x100),
    ])
    #expect(
      timeline.slices.map { "\($0.track) \($0.name) \($0.start) \($0.end)" } == [
        "thread(5) modify a variable 10 20"
      ])
  }

  @Test func `slices that meet end before they begin, and empty ones still have two ends`() {
    var timeline = Timeline(pid: 1, program: "/app")
    timeline.slices = [
      Timeline.Slice(.thread(1), "a", category: "x", start: 0, end: 10),
      Timeline.Slice(.thread(1), "inner", category: "x", start: 5, end: 10),
      Timeline.Slice(.thread(1), "b", category: "x", start: 10, end: 20),
      Timeline.Slice(.thread(1), "empty", category: "x", start: 30, end: 30),
    ]
    let read = ReadTrace(PerfettoTrace.bytes(of: [timeline]))
    #expect(read.isBalanced)
    #expect(read.slices == ["a": 1, "inner": 1, "b": 1, "empty": 1])
  }
}

@Suite struct ScheduleLineTests {
  /// So many wait for that.
  private func waiters(_ counts: KeyValuePairs<WaitFile.Subject, Int>) -> [WaitFile.Waiter] {
    counts.flatMap { subject, count in
      (0..<count).map { WaitFile.Waiter(UInt64(0x1000 + $0 * 16), for: subject) }
    }
  }

  @Test func `a line as Go's schedtrace, by executor`() {
    let line = ScheduleLine(
      time: 150_000_000, threads: 6, pool: 2,
      lanes: [
        TimelineFile.Lane(thread: 1, task: 0, since: 5, executor: 0x10),
        TimelineFile.Lane(thread: 2, task: 9, since: 900_000_000),
        TimelineFile.Lane(thread: 3, task: 4, since: 700_000_000, executor: 0x10),
        TimelineFile.Lane(thread: 4, task: 5, since: 950_000_000, executor: 0x30),
      ],
      waiters: waiters([
        WaitFile.Subject(.pool): 3, WaitFile.Subject(.actor, metadata: 0x10): 2,
        WaitFile.Subject(.actor, metadata: 0x20): 1, WaitFile.Subject(.mutex): 1,
        WaitFile.Subject(.barrier, label: "orders"): 4,
      ]), types: [0x10: "Counter", 0x30: "DispatchMainExecutor"], now: 1_000_000_000)
    #expect(
      line.text
        == "SCHED 150ms: threads=6 pool=2 running=3 [Counter=1 main=1 pool=1] runnable=3 [pool=3] in-line=3 [?=1 Counter=2] blocked=5 [lock=1 queue-as-barrier(orders)=4] longest=300ms(task 4)"
    )
  }

  @Test func `a task that blocks its thread does not run`() {
    let lock = WaitFile.Subject(.mutex)
    let line = ScheduleLine(
      time: 0, threads: 3, pool: 2,
      lanes: [
        TimelineFile.Lane(thread: 1, task: 7, since: 10, executor: 0x10, waiter: 0x101),
        TimelineFile.Lane(thread: 2, task: 8, since: 20, waiter: 0x201),
        TimelineFile.Lane(thread: 3, task: 0, since: 20, waiter: 0x301),
      ],
      // A task may be called as a thread is; only threads are blocked.
      waiters: [
        WaitFile.Waiter(0x101, for: lock), WaitFile.Waiter(0x301, for: lock),
        WaitFile.Waiter(0x201, for: WaitFile.Subject(.pool)),
      ], types: [0x10: "Counter"], now: 1_000_010)
    #expect(
      line.text
        == "SCHED 0ms: threads=3 pool=2 running=1 [pool=1] runnable=1 [pool=1] in-line=0 blocked=2 [lock=2] with-task=1 [Counter=1] longest=1ms(task 7)"
    )
  }
}
