/// Decides whether some order of its operations explains a history.
///
/// The order must give every answer as the model does, and keep those apart that did not overlap
/// (Herlihy and Wing, 1990). The search is Wing and Gong's (1993): take away, as the next in
/// order, any operation that was called before the first of those left was answered, if its answer
/// is the model's; go back when there is none. Lowe (2017) adds the memory: a set of operations
/// that leads to a state is tried once. Each part of the object is decided by itself.
///
/// - Complexity: O(*n* log *n*) for histories in which few operations overlap; exponential in how
///   many do.
public struct LinearizabilityChecker<Model: SequentialModel> {
  public typealias Record = History<Model.Operation, Model.Result>.Record

  public let model: Model
  /// States tried so far: what it cost.
  public private(set) var states = 0

  public init(_ model: Model) { self.model = model }

  /// What no order explains, of the first part where that is so; `nil` when all is explained.
  public mutating func violation(
    in history: History<Model.Operation, Model.Result>
  ) -> LinearizabilityViolation<Model>? {
    var parts: [Model.Part] = []
    var records: [Model.Part: [Record]] = [:]
    for record in history.records {
      let part = model.part(of: record.operation)
      if records[part] == nil { parts.append(part) }
      records[part, default: []].append(record)
    }
    for part in parts {
      let records = records[part]!
      if !explains(records, from: model.initialState) {
        return violation(of: records, part)
      }
    }
    return nil
  }

  /// Whether some order explains the operations of one part.
  mutating func explains(_ records: [Record], from state: Model.State) -> Bool {
    var isExplained = false
    search(records, from: state) { _ in
      isExplained = true
      return true
    }
    return isExplained
  }

  /// All states that the operations of one part can have led to.
  mutating func outcomes(_ records: [Record], from state: Model.State) -> Set<Model.State> {
    var outcomes: Set<Model.State> = []
    search(records, from: state) {
      outcomes.insert($0)
      return false
    }
    return outcomes
  }

  // MARK: The search

  private struct Tried: Hashable {
    var taken: [UInt64]
    var state: Model.State
  }

  /// Calls `found` with the state after each order that explains all answers, until it says that
  /// it is enough.
  private mutating func search(
    _ records: [Record], from initial: Model.State, found: (Model.State) -> Bool
  ) {
    var events = EventList(records)
    var now = Tried(taken: [UInt64](repeating: 0, count: records.count / 64 + 1), state: initial)
    var seen: Set<Tried> = [now]
    var path: [(call: Int, before: Model.State)] = []
    var unanswered = records.count { $0.answer != nil }
    var current = events.first
    while true {
      let isComplete = unanswered == 0
      if isComplete, found(now.state) { return }
      if !isComplete, let operation = events.call(at: current) {
        let record = records[operation]
        var next = now
        let result = model.apply(record.operation, to: &next.state)
        next.taken[operation / 64] |= 1 << UInt64(operation % 64)
        let fits = record.answer.map { $0.result == result } ?? true
        if fits, seen.insert(next).inserted {
          states += 1
          path.append((current, now.state))
          now = next
          events.takeOut(current)
          if record.answer != nil { unanswered -= 1 }
          current = events.first
        } else {
          current = events.next(after: current)
        }
        continue
      }
      // Whatever comes next was called after an answer that is not explained: go back.
      guard let (call, before) = path.popLast() else { return }
      let operation = events.operation(at: call)
      now.taken[operation / 64] &= ~(1 << UInt64(operation % 64))
      now.state = before
      events.putBack(call)
      if records[operation].answer != nil { unanswered += 1 }
      current = events.next(after: call)
    }
  }
}

/// The calls and answers of a history by time, out of which operations are taken, and into which
/// they are put back in the opposite order.
private struct EventList {
  private struct Event {
    var operation: Int
    var isCall: Bool
    var previous: Int
    var next: Int
  }

  /// The first one is no event, and closes the circle.
  private var events: [Event]
  private var answers: [Int]

  init<Operation, Result>(_ records: [History<Operation, Result>.Record]) {
    var order: [(time: UInt64, isAnswer: Bool, operation: Int)] = []
    for (index, record) in records.enumerated() {
      order.append((record.call, false, index))
      if let answer = record.answer { order.append((answer.time, true, index)) }
    }
    // At equal times, calls come first: the operations may have overlapped.
    order.sort { ($0.time, $0.isAnswer ? 1 : 0) < ($1.time, $1.isAnswer ? 1 : 0) }
    events = [Event(operation: -1, isCall: false, previous: order.count, next: 0)]
    answers = [Int](repeating: 0, count: records.count)
    for (index, entry) in order.enumerated() {
      events[index].next = index + 1
      events.append(
        Event(operation: entry.operation, isCall: !entry.isAnswer, previous: index, next: 0))
      if entry.isAnswer { answers[entry.operation] = index + 1 }
    }
  }

  var first: Int { events[0].next }
  func next(after event: Int) -> Int { events[event].next }
  func operation(at event: Int) -> Int { events[event].operation }

  /// The operation that is called there; `nil` at an answer, and at the end.
  func call(at event: Int) -> Int? { events[event].isCall ? events[event].operation : nil }

  mutating func takeOut(_ call: Int) {
    let answer = answers[events[call].operation]
    if answer != 0 { unlink(answer) }
    unlink(call)
  }

  mutating func putBack(_ call: Int) {
    let answer = answers[events[call].operation]
    link(call)
    if answer != 0 { link(answer) }
  }

  private mutating func unlink(_ event: Int) {
    events[events[event].previous].next = events[event].next
    events[events[event].next].previous = events[event].previous
  }

  private mutating func link(_ event: Int) {
    events[events[event].previous].next = event
    events[events[event].next].previous = event
  }
}
