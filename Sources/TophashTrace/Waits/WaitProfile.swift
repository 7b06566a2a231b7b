import TophashFindings
import TophashSymbols

/// Where the threads and tasks of all processes waited, by what a reader would name alike.
package struct WaitProfile: Sendable {
  /// Waits of one kind, for things of one name, with one stack.
  package struct Sample: Hashable, Sendable {
    package var kind: WaitKind
    /// The label of a queue or the type of an actor.
    package var subject: String?
    /// Innermost first: the program's and its libraries' frames, then those who await them.
    package var stack: [Frame]
    package var count: UInt64 = 0
    /// In nanoseconds, with those waits that had not ended.
    package var total: UInt64 = 0
    package var longest: UInt64 = 0
    /// How many of the waits had not ended when the program did.
    package var unfinished: UInt64 = 0

    /// The innermost frame of the program's own code.
    package var site: Frame? { stack.first { $0.origin == .own } ?? stack.first }
  }

  /// One checked process.
  package struct Process {
    package var events: EventFile
    package var waits: WaitFile
    /// When it was over, by the monotonic clock.
    package var end: UInt64

    package init(events: EventFile, waits: WaitFile, end: UInt64) {
      self.events = events
      self.waits = waits
      self.end = end
    }
  }

  /// The longest total first.
  package private(set) var samples: [Sample] = []
  /// Waits that could not be recorded.
  package private(set) var dropped: UInt64 = 0
  /// Whether some process could not be asked about its actors.
  package private(set) var missesActors = false
  /// From the first process's start to the last one's end, in nanoseconds.
  package private(set) var duration: UInt64 = 0

  package init(
    _ processes: [Process], interpreter: (EventFile) -> any WaitInterpreter
  ) {
    var samples: [Key: Sample] = [:]
    for process in processes {
      dropped &+= process.waits.dropped
      if !process.waits.seesActors { missesActors = true }
      for sample in Self.samples(of: process, interpreter(process.events)) {
        samples[Key(sample), default: Sample(sample)].add(sample)
      }
    }
    if let start = processes.map(\.events.header.start).min(), let end = processes.map(\.end).max()
    {
      duration = end > start ? end - start : 0
    }
    self.samples = samples.values.sorted { ($0.total, $1.sortText) > ($1.total, $0.sortText) }
  }

  package init(samples: [Sample], duration: UInt64 = 0) {
    self.samples = samples
    self.duration = duration
  }

  /// Those in which others were in the way, or those that waited for something to happen.
  package func samples(contention: Bool) -> [Sample] {
    samples.filter { $0.kind.isContention == contention }
  }

  private static func samples(
    of process: Process, _ interpreter: any WaitInterpreter
  ) -> [Sample] {
    var places = process.waits.places
    var unfinished: [Int: UInt64] = [:]
    for waiting in process.waits.waiting {
      let time = process.end > waiting.since ? process.end - waiting.since : 0
      unfinished[waiting.place, default: 0] += 1
      places[waiting.place]?.count += 1
      places[waiting.place]?.total &+= time
      places[waiting.place]?.longest.formMax(time)
    }
    let stacks = places.filter { $0.value.count > 0 }.mapValues(interpreter.stack)
    let frames = interpreter.frames(
      at: stacks.flatMap { slot, stack in stack + places[slot]!.asyncFrames })
    return stacks.map { slot, stack in
      let place = places[slot]!
      return Sample(
        kind: place.kind,
        subject: place.label
          ?? (place.metadata == 0 ? nil : interpreter.type(ofMetadata: place.metadata)),
        stack: words(stack, place.asyncFrames, frames),
        count: place.count, total: place.total, longest: place.longest,
        unfinished: unfinished[slot, default: 0])
    }
  }

  /// The frames of both parts, without what the compiler made, and without how the system and the
  /// runtime got there.
  private static func words(
    _ stack: [UInt64], _ asyncFrames: [UInt64], _ frames: [UInt64: [Frame]]
  ) -> [Frame] {
    func known(_ address: UInt64) -> [Frame] { frames[address] ?? [.unknown(at: address)] }
    // Below that the runtime runs a task; who awaits it comes next.
    let stack = stack.prefix { address in !known(address).contains { $0.runsTasks } }
    var words = Side.located(stack.flatMap(known))
    while let last = words.last, last.origin != .own, words.count > 1 { words.removeLast() }
    words += Side.awaitingCallers(asyncFrames.map { frames[$0] ?? [] })
    let told = words.filter { !$0.isThunk }
    return told.isEmpty ? Array(words.prefix(1)) : told
  }
}

extension WaitProfile.Sample {
  fileprivate init(_ other: Self) {
    self.init(kind: other.kind, subject: other.subject, stack: other.stack)
  }

  fileprivate mutating func add(_ other: Self) {
    count &+= other.count
    total &+= other.total
    longest.formMax(other.longest)
    unfinished &+= other.unfinished
  }

  /// For a fixed order of what took equally long.
  fileprivate var sortText: String {
    "\(kind.rawValue) \(subject ?? "") " + stack.map(\.function).joined(separator: " ")
  }
}

extension Frame {
  /// One of the functions through which the runtime calls a task.
  fileprivate var runsTasks: Bool {
    origin == .runtime
      && (function.hasPrefix("swift::runJob") || function.hasPrefix("swift_job_run"))
  }
}

extension UInt64 {
  fileprivate mutating func formMax(_ other: UInt64) { self = Swift.max(self, other) }
}

/// What makes two samples one: the compiler may have made several calls of one.
private struct Key: Hashable {
  private struct Place: Hashable {
    var function: String
    var location: SourceLocation?
  }

  private var kind: WaitKind
  private var subject: String?
  private var stack: [Place]

  init(_ sample: WaitProfile.Sample) {
    kind = sample.kind
    subject = sample.subject
    stack = sample.stack.map { Place(function: $0.function, location: $0.location) }
  }
}
