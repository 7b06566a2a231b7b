/// Timelines in Perfetto's format, as https://ui.perfetto.dev and its trace processor read them:
/// `perfetto.protos.Trace` with a track for each thread and each task
/// (https://perfetto.dev/docs/reference/synthetic-track-event).
package struct PerfettoTrace {
  private var packets = ProtobufMessage()
  /// In the order of time; of what happens at one time, ends come before what begins.
  private var events: [(time: UInt64, rank: Int, packet: ProtobufMessage)] = []
  private let process: UInt64

  // Fields of the messages, by their numbers in Perfetto's protos.
  private enum Packet {
    static let timestamp = 8
    static let sequence = 10
    static let trackEvent = 11
    static let sequenceFlags = 13
    static let trackDescriptor = 60
  }
  private enum Descriptor {
    static let uuid = 1
    static let name = 2
    static let process = 3
    static let thread = 4
    static let parent = 5
    static let counter = 8
  }
  private enum Event {
    static let annotation = 4
    static let type = 9
    static let track = 11
    static let category = 22
    static let name = 23
    static let number = 44
    static let flow = 47
    static let sliceBegin: UInt64 = 1
    static let sliceEnd: UInt64 = 2
    static let instant: UInt64 = 3
    static let counter: UInt64 = 4
  }

  package static func bytes(of timelines: [Timeline]) -> [UInt8] {
    timelines.enumerated().flatMap { index, timeline in
      var writer = PerfettoTrace(process: UInt64(index + 1))
      return writer.write(timeline)
    }
  }

  private init(process: UInt64) { self.process = process }

  private mutating func write(_ timeline: Timeline) -> [UInt8] {
    describe(timeline)
    for slice in timeline.slices { add(slice) }
    for instant in timeline.instants {
      add(
        at: instant.time, rank: .max, Event.instant, on: instant.track, named: instant.name,
        instant.category, instant.notes, instant.flows)
    }
    add(timeline.counts)
    events.sort { ($0.time, $0.rank) < ($1.time, $1.rank) }
    for event in events { packets.add(event.packet, field: 1) }
    return packets.bytes
  }

  // MARK: Tracks

  private mutating func describe(_ timeline: Timeline) {
    let name = timeline.program.split(separator: "/").last.map(String.init) ?? timeline.program
    var whole = ProtobufMessage()
    whole.add(processTrack, field: Descriptor.uuid)
    whole.add(Descriptor.process) {
      $0.add(Int64(timeline.pid), field: 1)
      $0.add(timeline.program, field: 2)
      $0.add(name, field: 6)
    }
    add(descriptor: whole, isFirst: true)
    for track in timeline.tracks { add(descriptor: descriptor(of: track, timeline)) }
  }

  private func descriptor(of track: Timeline.Track, _ timeline: Timeline) -> ProtobufMessage {
    var descriptor = ProtobufMessage()
    descriptor.add(uuid(track), field: Descriptor.uuid)
    descriptor.add(
      track == track.owner ? processTrack : uuid(track.owner), field: Descriptor.parent)
    switch track {
    case .thread(let id):
      descriptor.add(Descriptor.thread) {
        $0.add(Int64(timeline.pid), field: 1)
        $0.add(Int64(id), field: 2)
        $0.add(timeline.threadNames[id] ?? (id == timeline.pid ? "main" : "thread"), field: 5)
      }
    case .task(let id):
      descriptor.add(Self.name(ofTask: id, timeline), field: Descriptor.name)
    case .regions(let owner, let lane):
      let name =
        switch owner {
        case .task(let id): Self.name(ofTask: id, timeline)
        default: "thread"
        }
      descriptor.add(
        "regions of \(name)" + (lane == 0 ? "" : " (\(lane + 1))"), field: Descriptor.name)
    }
    return descriptor
  }

  private static func name(ofTask id: UInt32, _ timeline: Timeline) -> String {
    "task \(id)" + (timeline.taskNames[id].map { " \"\($0)\"" } ?? "")
  }

  private mutating func add(descriptor: ProtobufMessage, isFirst: Bool = false) {
    var packet = ProtobufMessage()
    packet.add(descriptor, field: Packet.trackDescriptor)
    packet.add(process, field: Packet.sequence)
    // Nothing that came before on this sequence counts.
    if isFirst { packet.add(UInt64(1), field: Packet.sequenceFlags) }
    packets.add(packet, field: 1)
  }

  private var processTrack: UInt64 { process << 48 | 1 }

  private func uuid(_ track: Timeline.Track) -> UInt64 {
    switch track {
    case .thread(let id): process << 48 | 1 << 40 | UInt64(UInt32(bitPattern: id))
    case .task(let id): process << 48 | 2 << 40 | UInt64(id)
    // More than 255 at one time share the last.
    case .regions(let owner, let lane): uuid(owner) | 4 << 40 | UInt64(min(lane, 255)) << 32
    }
  }

  // MARK: Counters

  /// A track for each name.
  private mutating func add(_ counts: [Timeline.Count]) {
    for (number, name) in Set(counts.map(\.name)).sorted().enumerated() {
      let uuid = process << 48 | 3 << 40 | UInt64(number)
      var descriptor = ProtobufMessage()
      descriptor.add(uuid, field: Descriptor.uuid)
      descriptor.add(name, field: Descriptor.name)
      descriptor.add(processTrack, field: Descriptor.parent)
      descriptor.add(ProtobufMessage(), field: Descriptor.counter)
      add(descriptor: descriptor)
      for count in counts where count.name == name {
        var packet = ProtobufMessage()
        packet.addAlways(count.time, field: Packet.timestamp)
        packet.add(process, field: Packet.sequence)
        packet.add(Packet.trackEvent) { event in
          event.add(Event.counter, field: Event.type)
          event.add(uuid, field: Event.track)
          event.addFixed(count.value.bitPattern, field: Event.number)
        }
        events.append((count.time, .max, packet))
      }
    }
  }

  // MARK: Events

  private mutating func add(_ slice: Timeline.Slice) {
    // What begins together begins with the longest, and what ends together ends with the shortest.
    let end = max(slice.end, slice.start &+ 1)  // or its end would come before its beginning
    let length = Int(clamping: end &- slice.start)
    add(
      at: slice.start, rank: .max / 2 - length / 2, Event.sliceBegin, on: slice.track,
      named: slice.name, slice.category, slice.notes, slice.flows)
    add(at: end, rank: length / 2 - .max / 2, Event.sliceEnd, on: slice.track)
  }

  private mutating func add(
    at time: UInt64, rank: Int, _ type: UInt64, on track: Timeline.Track, named name: String? = nil,
    _ category: String? = nil, _ notes: [String: String] = [:], _ flows: [UInt64] = []
  ) {
    var packet = ProtobufMessage()
    packet.addAlways(time, field: Packet.timestamp)
    packet.add(process, field: Packet.sequence)
    packet.add(Packet.trackEvent) { event in
      for (key, value) in notes.sorted(by: { $0.key < $1.key }) {
        event.add(Event.annotation) {
          $0.add(value, field: 6)
          $0.add(key, field: 10)
        }
      }
      event.add(type, field: Event.type)
      event.add(uuid(track), field: Event.track)
      if let category { event.add(category, field: Event.category) }
      if let name { event.add(name, field: Event.name) }
      // Arrows are numbered within a process, and Perfetto knows them by number alone.
      for flow in flows { event.addFixed(flow ^ process << 54, field: Event.flow) }
    }
    events.append((time, rank, packet))
  }
}
