/// Makes a timeline of events.
///
/// The rings may have lost the beginning of what ends in them: such an end is left out. What had
/// not ended is drawn to the end of the process.
struct TimelineBuilder {
  /// What numbers in events stand for.
  struct Words {
    /// What was waited for at a place of the wait file, and where.
    var places: [Int: (what: String, site: String?)] = [:]
    /// Variables and lines by the return address of an access.
    var accesses: [UInt64: (variable: String?, site: String?)] = [:]
  }

  private struct Open {
    var name: String
    var category: String
    var start: UInt64
    var what: UInt64
    var notes: [String: String] = [:]
    var flows: [UInt64] = []
    var access: Timeline.Access?
    /// Of a region that may end elsewhere.
    var number: UInt64?

    /// Whether it need not lie within what else is on the track, or apart from it. A region of a
    /// task goes on from one turn to another.
    func isLoose(on track: Timeline.Track) -> Bool {
      if case .task = track { category == "region" } else { number != nil }
    }
  }

  private var timeline: Timeline
  private let words: Words
  private let strings: [Int: String]
  private var open: [Timeline.Track: [Open]] = [:]
  /// Regions that get tracks of their own.
  private var loose: [Timeline.Slice] = []
  /// Where regions with a number began that have not ended.
  private var regions: [UInt64: Timeline.Track] = [:]
  /// The task on each thread, and since when.
  private var running: [Int32: (task: UInt32, start: UInt64)] = [:]

  static func timeline(
    _ file: TimelineFile, pid: Int32, program: String, end: UInt64, words: Words
  ) -> Timeline {
    var builder = TimelineBuilder(
      timeline: Timeline(pid: pid, program: program), words: words, strings: file.strings)
    for event in file.events { builder.add(event) }
    builder.close(at: max(end, file.events.last?.time ?? 0))
    builder.timeline.connectOverlaps()
    return builder.timeline
  }

  private mutating func add(_ event: TimelineFile.Event) {
    let thread = Timeline.Track.thread(event.thread)
    let own = Self.track(ofTask: event.what, or: event.thread)
    switch event.kind {
    case .taskEnter:
      leave(event.thread, at: event.time)
      running[event.thread] = (UInt32(truncatingIfNeeded: event.what), event.time)
    case .taskLeave: leave(event.thread, at: event.time)
    case .wait: addWait(event, on: thread)
    case .queued:
      timeline.instants.append(
        Timeline.Instant(
          track: thread, name: "task \(event.what) in line for \(place(event).what)",
          category: "line", time: event.time, flows: [Self.flow(event.what, event.time)]))
    case .through:
      timeline.slices.append(
        Timeline.Slice(
          .task(UInt32(truncatingIfNeeded: event.what)), "in line for \(place(event).what)",
          category: "line", start: event.since, end: event.time, notes: Self.at(place(event).site),
          flows: [Self.flow(event.what, event.since)]))
    case .itemSubmit:
      timeline.instants.append(
        Timeline.Instant(
          track: thread, name: "submit to \(string(event))", category: "queue", time: event.time,
          flows: [Self.itemFlow(event.what)]))
    case .itemBegin:
      begin(event, string(event), "queue", on: thread, flows: [Self.itemFlow(event.what)])
    case .itemEnd: finish(event, on: thread) { $0.category == "queue" && $0.what == event.what }
    case .hold:
      timeline.slices.append(
        Timeline.Slice(
          thread, "held open", category: "hold", start: event.since, end: event.time,
          notes: Self.at(words.accesses[event.what]?.site)))
    case .accessBegin: beginAccess(event, on: thread)
    case .accessEnd: finishAccess(event, on: thread)
    case .regionBegin: begin(event, string(event), "region", on: own)
    case .regionEnd:
      let name = string(event)
      finish(event, on: own) { $0.category == "region" && $0.name == name && $0.number == nil }
    case .regionOpen: openRegion(event)
    case .regionClose: closeRegion(event)
    case .count:
      timeline.counts.append(
        Timeline.Count(
          name: string(event), time: event.time, value: Double(bitPattern: event.what)))
    case .log:
      timeline.instants.append(
        Timeline.Instant(track: own, name: string(event), category: "log", time: event.time))
    }
  }

  private mutating func addWait(_ event: TimelineFile.Event, on thread: Timeline.Track) {
    let (what, site) = words.places[Int(event.what)] ?? ("something", nil)
    timeline.slices.append(
      Timeline.Slice(
        thread, "wait for \(what)", category: "wait", start: event.since, end: event.time,
        notes: Self.at(site)))
  }

  private mutating func beginAccess(_ event: TimelineFile.Event, on thread: Timeline.Track) {
    let known = words.accesses[event.what]
    let access = Timeline.Access(
      variable: known?.variable ?? "a variable", address: event.since, modifies: event.more != 0)
    begin(
      event, (access.modifies ? "modify " : "read ") + access.variable, "access", on: thread,
      notes: Self.at(known?.site), access: access)
  }

  /// A task may end on one thread what it began on another.
  private mutating func finishAccess(_ event: TimelineFile.Event, on thread: Timeline.Track) {
    func isIt(_ it: Open) -> Bool {
      it.access?.address == event.since && it.what == event.what
    }
    let others = open.keys.sorted().filter { $0 != thread }
    for track in [thread] + others where open[track]?.contains(where: isIt) == true {
      return finish(event, on: track, isIt)
    }
  }

  private static func track(ofTask task: UInt64, or thread: Int32) -> Timeline.Track {
    task == 0 ? .thread(thread) : .task(UInt32(truncatingIfNeeded: task))
  }

  private mutating func openRegion(_ event: TimelineFile.Event) {
    let track = Self.track(ofTask: event.since, or: event.thread)
    open[track, default: []].append(
      Open(
        name: string(event), category: "region", start: event.time, what: 0, number: event.what))
    regions[event.what] = track
  }

  /// A region with a number lies where it began, wherever it ends.
  private mutating func closeRegion(_ event: TimelineFile.Event) {
    guard let track = regions.removeValue(forKey: event.what) else { return }
    finish(event, on: track) { $0.number == event.what }
  }

  private mutating func leave(_ thread: Int32, at time: UInt64) {
    guard let (task, start) = running.removeValue(forKey: thread) else { return }
    timeline.slices.append(
      Timeline.Slice(.thread(thread), "task \(task)", category: "task", start: start, end: time))
    timeline.slices.append(
      Timeline.Slice(
        .task(task), "runs on thread \(thread)", category: "task", start: start, end: time))
  }

  private mutating func begin(
    _ event: TimelineFile.Event, _ name: String, _ category: String, on track: Timeline.Track,
    notes: [String: String] = [:], flows: [UInt64] = [], access: Timeline.Access? = nil
  ) {
    open[track, default: []].append(
      Open(
        name: name, category: category, start: event.time, what: event.what, notes: notes,
        flows: flows, access: access))
  }

  private mutating func finish(
    _ event: TimelineFile.Event, on track: Timeline.Track, _ isIt: (Open) -> Bool
  ) {
    guard let index = open[track]?.lastIndex(where: isIt), let it = open[track]?.remove(at: index)
    else { return }
    add(it, on: track, end: event.time)
  }

  private mutating func add(_ it: Open, on track: Timeline.Track, end: UInt64) {
    let slice = Timeline.Slice(
      track, it.name, category: it.category, start: it.start, end: end, notes: it.notes,
      flows: it.flows, access: it.access)
    if it.isLoose(on: track) { loose.append(slice) } else { timeline.slices.append(slice) }
  }

  private mutating func close(at end: UInt64) {
    for thread in running.keys.sorted() { leave(thread, at: end) }
    for (track, all) in open {
      for var it in all {
        it.access = nil  // its end may have been written over
        add(it, on: track, end: end)
      }
    }
    timeline.addInLanes(loose)
    timeline.slices.sort { ($0.start, $1.end, $0.track) < ($1.start, $0.end, $1.track) }
  }

  private func place(_ event: TimelineFile.Event) -> (what: String, site: String?) {
    words.places[Int(event.more)] ?? ("its turn", nil)
  }

  private func string(_ event: TimelineFile.Event) -> String {
    strings[Int(event.more)] ?? "(no name)"
  }

  private static func at(_ site: String?) -> [String: String] { site.map { ["at": $0] } ?? [:] }

  /// A number for the way of a task from where it got in line to where it ran.
  private static func flow(_ task: UInt64, _ since: UInt64) -> UInt64 {
    (since &* 0x9E37_79B9_7F4A_7C15 ^ task) & ~(3 << 62)
  }

  /// For that of a work item.
  private static func itemFlow(_ number: UInt64) -> UInt64 { number | 1 << 62 }
}
