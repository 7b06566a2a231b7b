import TophashSearch
import TophashSymbols

/// What each thread did in a run, in order, in the words of its source.
package struct Interleaving: Sendable {
  /// Who runs: a task where there is one, else a thread.
  package enum Lane: Hashable, Sendable {
    case thread(Int)
    case task(Int)
  }

  /// One thing that somebody did.
  package struct Row: Hashable, Sendable {
    package var lane: Lane
    /// From 0, over all threads.
    package var step: Int
    /// `modifies Account.balance`.
    package var what: String
    /// `Account.swift:5:9`, of the program's own code.
    package var place: String?
    /// Nothing was done here, but another thread went first that would not have.
    package var isDeviation: Bool
  }

  package private(set) var lanes: [Lane] = []
  package private(set) var rows: [Row] = []
  /// One for each choice: when which thread is about to do what, who goes first.
  package private(set) var statements: [String] = []
  /// Where it crashed, innermost own frame.
  package private(set) var crash: String?
  /// For a race: who was in the middle of what when who came.
  package private(set) var meetings: [String] = []
  /// For a deadlock: who waits for what.
  package private(set) var waits: [String] = []

  /// Names of objects that have no better one.
  private var objectNames: [Int: String] = [:]
  private var laneNames: [Lane: String] = [:]

  /// - Parameters:
  ///   - account: A detailed one.
  ///   - images: Where the process had which file.
  ///   - tool: path of an `llvm-symbolizer`; `nil` to do without.
  ///   - place: How to show a source location.
  package init(
    _ account: Account, images: [LoadedImage], tool: String?,
    place: @escaping (SourceLocation) -> String
  ) {
    let cache = ElfImageCache()
    let symbolizer = Symbolizer(images: images, toolPath: tool, cache: cache)
    let stacks =
      account.events.map(\.stack) + account.threads.map(\.stack) + [account.crashStack]
      + account.overlaps.map { [$0.firstSite, $0.secondSite] }
    let frames = symbolizer.frames(at: Array(Set(stacks.joined())))
    let reader = StackReader(frames: frames, place: place)
    nameThreads(account, program: images.first?.path.split(separator: "/").last?.prefix(15))
    nameObjects(account, VariableNamer(images: images, cache: cache))

    rows = timeline(account, reader)
    for row in rows where !lanes.contains(row.lane) { lanes.append(row.lane) }
    statements = account.choices.map { statement($0, account, reader) }
    meetings = account.overlaps.map { meeting($0, reader) }
    crash = reader.own(account.crashStack).map(\.text)
    if account.end == .deadlock { waits = waits(account, reader) }
  }

  /// All rows, in the order in which things were done. Some points come after what they tell of:
  /// a lock was given back before others could go first. So does a switch, right after what its
  /// thread did before.
  private func timeline(_ account: Account, _ reader: StackReader) -> [Row] {
    let events = account.events
    var latest: [Int: Int] = [:]
    var placed: [(position: Int, row: Row)] = []
    var previous: [Int] = []
    for (step, event) in events.enumerated() {
      previous.append(latest[event.thread] ?? -1)
      latest[event.thread] = step
    }
    for (step, event) in events.enumerated() {
      guard event.point != .modifying, let frame = reader.own(event.stack) else { continue }
      let position = event.point?.comesAfter == true ? previous[step] * 3 + 1 : step * 3
      let row = Row(
        lane: event.lane, step: step,
        what: event.point == .sleep ? "has slept" : what(event.point, event.object),
        place: frame.place, isDeviation: false)
      placed.append((position, row))
    }
    for choice in account.choices {
      let before =
        events.lastIndex { $0.thread == choice.thread && $0.ownStep < choice.step } ?? -1
      placed.append((before * 3 + 2, row(for: choice, events)))
    }
    let order = placed.indices.sorted { (placed[$0].position, $0) < (placed[$1].position, $1) }
    return order.map { placed[$0].row }
  }

  private func row(for choice: Choice, _ events: [Account.Event]) -> Row {
    Row(
      lane: lanes(of: choice, events).0, step: choice.step,
      what: "» \(whoGoesFirst(choice, events))",
      place: nil, isDeviation: true)
  }

  private func whoGoesFirst(_ choice: Choice, _ events: [Account.Event]) -> String {
    let before = events.lastIndex { $0.thread == choice.thread && $0.ownStep < choice.step } ?? -1
    let first = events[(before + 1)...].first { $0.thread == choice.next }
    let next = name(of: lanes(of: choice, events).1)
    guard let first, first.isEarly else { return "\(next) goes first" }
    return first.point == .sleep ? "\(next) wakes first" : "a timer fires first"
  }

  /// Who was stopped, and who went first.
  private func lanes(of choice: Choice, _ events: [Account.Event]) -> (Lane, Lane) {
    let before = events.lastIndex { $0.thread == choice.thread && $0.ownStep < choice.step }
    let stopped =
      events.first { $0.thread == choice.thread && $0.ownStep == choice.step && $0.task != nil }
      ?? before.map { events[$0] }
    // The first thing that it did in the name of somebody.
    let after = events[((before ?? -1) + 1)...].prefix(20)
    let next = after.first { $0.thread == choice.next && $0.task != nil }
    return (stopped?.lane ?? .thread(choice.thread), next?.lane ?? .thread(choice.next))
  }

  package func name(of lane: Lane) -> String {
    if let name = laneNames[lane] { return name }
    return switch lane {
    case .thread(let number): "thread \(number)"
    case .task(let number): "task \(number)"
    }
  }
}

// MARK: - Names

extension Interleaving {
  private mutating func nameThreads(_ account: Account, program: Substring?) {
    for (number, thread) in account.threads.enumerated() {
      // Foundation gives every thread the program's name.
      let given = thread.name.isEmpty || thread.name == program.map(String.init) ? nil : thread.name
      let kind = number == 0 ? "main" : thread.isPool ? "worker \(number)" : "thread \(number)"
      let words = number != 0 && !thread.isPool ? given.map { " \"\($0)\"" } : nil
      laneNames[.thread(number)] = kind + (words ?? "")
    }
    var isMainKnown = false
    for event in account.events {
      guard let task = event.task, laneNames[.task(task)] == nil else { continue }
      // The task that the main function is.
      let isMain = event.thread == 0 && !isMainKnown
      isMainKnown = isMainKnown || event.thread == 0
      laneNames[.task(task)] =
        isMain
        ? "main" : event.taskName.isEmpty ? "task \(task)" : "task \(task) \"\(event.taskName)\""
    }
  }

  private mutating func nameObjects(_ account: Account, _ namer: VariableNamer) {
    for object in account.variables {
      let variable = namer.variable(at: object.address, snapshot: object.snapshot)
      if variable.kind != .unknown { objectNames[object.object] = variable.name }
    }
    var counts: [String: Int] = [:]
    let uses =
      account.events.map { ($0.point, $0.object) } + account.threads.map { ($0.point, $0.object) }
    for (point, object) in uses where object != 0 && objectNames[object] == nil {
      guard let noun = point?.noun else { continue }
      counts[noun, default: 0] += 1
      objectNames[object] = "\(noun) \(counts[noun]!)"
    }
  }

  private func what(_ point: Point?, _ object: Int) -> String {
    guard let point else { return "goes on" }
    guard point.noun != nil, let name = objectNames[object] else { return point.verb }
    return point == .dispatch ? point.verb : "\(point.verb) \(name)"
  }
}

// MARK: - Sentences

extension Interleaving {
  private func statement(_ choice: Choice, _ account: Account, _ reader: StackReader) -> String {
    let stopped = lanes(of: choice, account.events).0
    let event = account.events.last { $0.thread == choice.thread && $0.ownStep == choice.step }
    let waiting =
      account.threads.indices.contains(choice.thread) ? account.threads[choice.thread] : nil
    let point = event?.point ?? waiting?.point
    let object = event?.object ?? waiting?.object ?? 0
    let frame = reader.own(event?.stack ?? waiting?.stack ?? [])
    let place = frame?.place.map { " (\($0))" } ?? ""
    return
      "when \(name(of: stopped)) \(upcoming(point, object))\(place), "
      + whoGoesFirst(choice, account.events)
  }

  private func upcoming(_ point: Point?, _ object: Int) -> String {
    switch point {
    case .read: "is about to read \(objectNames[object] ?? "a variable")"
    case .modify: "is about to modify \(objectNames[object] ?? "a variable")"
    case .lock: "is about to lock \(objectNames[object] ?? "a lock")"
    default: what(point, object)
    }
  }

  private func meeting(_ overlap: Account.Overlap, _ reader: StackReader) -> String {
    let variable = objectNames[overlap.object] ?? "a variable"
    func place(_ site: UInt64) -> String { reader.own([site])?.place.map { " (\($0))" } ?? "" }
    return
      "\(name(of: .thread(overlap.firstThread))) was \(overlap.firstModifies ? "modifying" : "reading")"
      + " \(variable)\(place(overlap.firstSite)) when \(name(of: .thread(overlap.secondThread))) began to"
      + " \(overlap.secondModifies ? "modify" : "read") it\(place(overlap.secondSite))"
  }

  private func waits(_ account: Account, _ reader: StackReader) -> [String] {
    account.threads.enumerated().compactMap { number, thread in
      guard thread.state == .waiting else { return nil }
      let frame = reader.own(thread.stack)
      // Workers without work, and the main thread of a program that lives on its main queue.
      if frame == nil, thread.isPool { return nil }
      let holder = thread.holder.map {
        $0 == number ? ", which it holds itself" : ", which \(name(of: .thread($0))) holds"
      }
      return
        "\(name(of: .thread(number))) \(what(thread.point, thread.object))\(holder ?? "")\(frame?.place.map { " (\($0))" } ?? "")"
    }
  }
}

extension Account.Event {
  var lane: Interleaving.Lane { task.map { .task($0) } ?? .thread(thread) }
}

/// Finds the reader's own code in a stack.
struct StackReader {
  struct Found {
    var function: String
    var place: String?
    var text: String { place.map { "\(function)  \($0)" } ?? function }
  }

  let frames: [UInt64: [Frame]]
  let place: (SourceLocation) -> String

  /// The innermost frame of the program's own.
  func own(_ stack: [UInt64]) -> Found? {
    for address in stack {
      for frame in frames[address] ?? [] where !frame.isRuntime && frame.location != nil {
        return Found(function: frame.function, place: frame.location.map(place))
      }
    }
    return nil
  }
}
