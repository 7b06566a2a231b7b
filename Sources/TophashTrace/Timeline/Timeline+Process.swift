import TophashFindings
import TophashReports
import TophashSymbols

extension Timeline {
  /// What was recorded of one process.
  package struct Source {
    package var events: EventFile
    package var waits: WaitFile
    package var timeline: TimelineFile
    /// When it was over, by the monotonic clock.
    package var end: UInt64

    package init(events: EventFile, waits: WaitFile, timeline: TimelineFile, end: UInt64) {
      self.events = events
      self.waits = waits
      self.timeline = timeline
      self.end = end
    }
  }

  /// - Parameters:
  ///   - variables: The names of chosen variables, by the return addresses of their accesses in
  ///     the files of their images.
  ///   - findings: Names of what conflicts are about, by the slots of the conflicts.
  package init(
    _ source: Source, interpreter: any WaitInterpreter, paths: Paths,
    variables: [String: [UInt64: String]] = [:], findings: [Int: String] = [:]
  ) {
    let header = source.events.header
    self = TimelineBuilder.timeline(
      source.timeline, pid: header.pid, program: header.program, end: source.end,
      words: Self.words(source, interpreter, paths, variables))
    for conflict in source.events.conflicts {
      guard let name = findings[conflict.slot] else { continue }
      add(conflict, name)
    }
  }

  private static func words(
    _ source: Source, _ interpreter: any WaitInterpreter, _ paths: Paths,
    _ variables: [String: [UInt64: String]]
  ) -> TimelineBuilder.Words {
    var words = TimelineBuilder.Words()
    let used = Set(
      source.timeline.events.compactMap { event -> Int? in
        switch event.kind {
        case .wait: Int(clamping: event.what)
        case .queued, .through: Int(event.more)
        default: nil
        }
      })
    let stacks = source.waits.places.filter { used.contains($0.key) }
      .mapValues { interpreter.stack(of: $0) }
    let accesses = Set(
      source.timeline.events.filter { [.accessBegin, .hold].contains($0.kind) }.map(\.what))
    let frames = interpreter.frames(at: stacks.values.flatMap(\.self) + accesses)
    func site(_ stack: [UInt64]) -> String? {
      let all = stack.flatMap { frames[$0] ?? [] }
      return (all.first { $0.origin == .own && !$0.isThunk } ?? all.first)
        .map { "\($0.functionText) \($0.placeText(paths))" }
    }
    for (slot, stack) in stacks {
      let place = source.waits.places[slot]!
      let subject =
        place.label ?? (place.metadata == 0 ? nil : interpreter.type(ofMetadata: place.metadata))
      words.places[slot] = (place.kind.what(subject), site(stack))
    }
    for address in accesses {
      let image = source.events.images.first { $0.range.contains(address) }
      let variable = image.flatMap { variables[$0.path]?[address &- $0.base] }
      words.accesses[address] = (variable, site([address]))
    }
    return words
  }

  /// Two moments with an arrow between them.
  private mutating func add(_ conflict: Conflict, _ name: String) {
    let flow = UInt64(conflict.slot) | 3 << 62
    let word = conflict.grade == .caught ? "race" : "unordered"
    let sides = [conflict.open, conflict.begun]
    for (index, side) in sides.enumerated() {
      instants.append(
        Instant(
          track: .thread(side.threadID),
          name: "\(word): \(side.flags.contains(.modify) ? "modify" : "read") \(name)",
          category: "finding", time: conflict.time &+ UInt64(index), flows: [flow]))
      if let task = side.taskID, let name = side.taskName {
        taskNames[UInt32(truncatingIfNeeded: task)] = name
      }
      if let name = side.threadName { threadNames[side.threadID] = name }
    }
  }
}
