/// The table of a violation.
struct HistoryText<Model: SequentialModel> {
  let lines: [String]

  /// More states than this are counted.
  private static var manyStates: Int { 6 }
  /// Rows before these are counted.
  private static var latestRows: Int { 40 }

  init(_ violation: LinearizabilityViolation<Model>) {
    let tasks = Set(violation.records.map(\.task)).sorted()
    var rows = [tasks.map { "task \($0)" }]
    let events = Self.events(of: violation.records)
    var skipsAnswer = Set<Int>()
    for (index, event) in events.enumerated() {
      let record = violation.records[event.record]
      var cell: String
      if event.isCall {
        let isAtOnce =
          index + 1 < events.count && events[index + 1].record == event.record
        cell = brief(record.operation)
        if let answer = record.answer, isAtOnce {
          cell += " → \(brief(answer.result))"
          skipsAnswer.insert(event.record)
        } else {
          cell += record.answer == nil ? " … (open)" : " …"
        }
      } else {
        guard !skipsAnswer.contains(event.record), let answer = record.answer else { continue }
        cell = "… → \(brief(answer.result))"
      }
      rows.append(tasks.map { $0 == record.task ? cell : "" })
    }
    let hidden = max(0, rows.count - 1 - Self.latestRows)
    rows.removeSubrange(1..<1 + hidden)
    let widths = tasks.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    rows.insert(widths.map { String(repeating: "-", count: $0) }, at: 1)
    let table = rows.map { Self.line($0, widths) }
    lines =
      [Self.before(violation.statesBefore)] + table.prefix(2)
      + (hidden > 0 ? ["… \(hidden) rows"] : []) + table.dropFirst(2)
  }

  private static func before(_ states: Set<Model.State>) -> String {
    let words = states.map(brief).sorted()
    return switch words.count {
    case 1: "before: \(words[0])"
    case 2...manyStates: "before: one of \(words.joined(separator: ", "))"
    default: "before: one of \(words.count) states"
    }
  }

  private static func line(_ row: [String], _ widths: [Int]) -> String {
    var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      .joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }

  /// Calls and answers by time.
  private static func events(
    of records: [History<Model.Operation, Model.Result>.Record]
  ) -> [(time: UInt64, isCall: Bool, record: Int)] {
    var events: [(time: UInt64, isCall: Bool, record: Int)] = []
    for (index, record) in records.enumerated() {
      events.append((record.call, true, index))
      if let answer = record.answer { events.append((answer.time, false, index)) }
    }
    return events.sorted { ($0.time, $0.isCall ? 0 : 1) < ($1.time, $1.isCall ? 0 : 1) }
  }
}

/// A value in words, without what says that it is optional.
private func brief(_ value: Any) -> String {
  let mirror = Mirror(reflecting: value)
  guard mirror.displayStyle == .optional else { return "\(value)" }
  return mirror.children.first.map { brief($0.value) } ?? "nil"
}
