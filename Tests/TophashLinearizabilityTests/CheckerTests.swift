import Testing

@testable import TophashLinearizability

/// A register for each key: the simplest map.
enum RegisterOperation: Hashable, Sendable, CustomStringConvertible {
  case read(Int)
  case write(Int, to: Int)
  case insert(Int, Int)
  case add(Int, Int)

  var key: Int {
    switch self {
    case .read(let key), .write(let key, _), .insert(let key, _), .add(let key, _): key
    }
  }

  var description: String {
    switch self {
    case .read: "read"
    case .write(_, let value): "write \(value)"
    case .insert(_, let value): "insert \(value)"
    case .add(_, let amount): "add \(amount)"
    }
  }
}

struct RegisterModel: SequentialModel {
  var initialState: Int? { nil }

  func part(of operation: RegisterOperation) -> Int { operation.key }

  func apply(_ operation: RegisterOperation, to value: inout Int?) -> Int? {
    let old = value
    switch operation {
    case .read: return value
    case .write(_, let new): value = new
    case .insert(_, let new): value = old ?? new
    case .add(_, let amount): value = (old ?? 0) + amount
    }
    return if case .insert = operation { value } else { old }
  }
}

typealias RegisterHistory = History<RegisterOperation, Int?>

@Suite struct CheckerTests {
  func operation(
    _ operation: RegisterOperation, _ result: Int?, _ call: UInt64, _ end: UInt64, task: Int = 0
  ) -> RegisterHistory.Record {
    .init(
      task: task, operation: operation, call: call, answer: .init(result: result, time: end))
  }

  func violation(
    _ records: [RegisterHistory.Record]
  ) -> LinearizabilityViolation<RegisterModel>? {
    var checker = LinearizabilityChecker(RegisterModel())
    return checker.violation(in: History(records))
  }

  @Test func `a read sees what was written before`() {
    let write = operation(.write(0, to: 1), nil, 0, 1)
    #expect(violation([write, operation(.read(0), 1, 2, 3)]) == nil)
    #expect(violation([write, operation(.read(0), nil, 2, 3)]) != nil)
  }

  @Test func `overlapping operations may come in either order`() {
    let write = operation(.write(0, to: 1), nil, 0, 5)
    for seen in [nil, 1] {
      #expect(violation([write, operation(.read(0), seen, 2, 3)]) == nil)
    }
    // But all readers agree: one that comes later does not see an older value.
    let long = operation(.write(0, to: 1), nil, 0, 9)
    #expect(
      violation([long, operation(.read(0), 1, 1, 2), operation(.read(0), nil, 3, 4)]) != nil)
  }

  @Test func `two tasks cannot both insert`() {
    #expect(
      violation([operation(.insert(0, 1), 1, 0, 5), operation(.insert(0, 2), 2, 0, 5)]) != nil)
  }

  @Test func `the part at fault is named`() {
    let found = violation([
      operation(.write(3, to: 1), nil, 0, 1), operation(.read(3), 1, 2, 3),
      operation(.add(7, 1), nil, 0, 1), operation(.add(7, 1), nil, 2, 3),
    ])
    #expect(found?.part == 7)
  }

  @Test func `an operation without an answer may have taken effect, or not`() {
    let open = RegisterHistory.Record(task: 1, operation: .write(0, to: 1), call: 1)
    for seen in [nil, 1] {
      #expect(violation([open, operation(.read(0), seen, 2, 3)]) == nil)
    }
    // Not before it was called, and not twice.
    #expect(violation([operation(.read(0), 1, 0, 0), open]) != nil)
    #expect(
      violation([
        open, operation(.write(0, to: 2), nil, 2, 3), operation(.read(0), 1, 4, 5),
        operation(.write(0, to: 3), 1, 6, 7), operation(.read(0), 1, 8, 9),
      ]) != nil)
  }

  @Test func `a violation has no more than it needs`() throws {
    // A long time in which all is well, then two that add at once and read the same.
    var records: [RegisterHistory.Record] = []
    for number in 0..<100 {
      let time = UInt64(number) * 2
      records.append(
        operation(.write(0, to: number), number == 0 ? nil : number - 1, time, time + 1))
    }
    records += [
      operation(.add(0, 1), 99, 300, 304, task: 1), operation(.add(0, 1), 99, 301, 303, task: 2),
      operation(.read(0), 100, 305, 306, task: 1), operation(.read(0), 100, 307, 308, task: 2),
    ]
    let found = try #require(violation(records))
    #expect(found.statesBefore == [99])
    #expect(
      "\(found)" == """
        no order of these operations on 0 explains their answers
          before: 99
          task 1   task 2
          -------  ----------
          add 1 …
                   add 1 → 99
          … → 99
        """)
  }

  /// Histories of a map that is right have an explanation, whatever overlaps; and a checker that
  /// tries all orders agrees with this one.
  @Test(arguments: UInt64(1)...40)
  func `agrees with trying every order`(_ seed: UInt64) {
    var random = Random(state: seed)
    for _ in 0..<25 {
      let records = (0..<6).map { index in
        let call = random.next(12)
        let operation: RegisterOperation =
          switch random.next(4) {
          case 0: .write(0, to: index)
          case 1: .insert(0, index)
          case 2: .add(0, 1)
          default: .read(0)
          }
        let result = random.next(3) == 0 ? nil : Int(random.next(4))
        return self.operation(operation, result, call, call + 1 + random.next(6), task: index)
      }
      #expect((violation(records) == nil) == isExplained(records, nil))
    }
  }

  private func isExplained(_ left: [RegisterHistory.Record], _ state: Int?) -> Bool {
    if left.isEmpty { return true }
    let earliest = left.compactMap(\.answer?.time).min()!
    return left.indices.contains { index in
      var state = state
      guard left[index].call <= earliest,
        RegisterModel().apply(left[index].operation, to: &state) == left[index].answer?.result
      else { return false }
      var rest = left
      rest.remove(at: index)
      return isExplained(rest, state)
    }
  }

  private struct Random {
    var state: UInt64
    mutating func next(_ limit: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % limit
    }
  }
}
