/// Operations that no order explains, and as few of them as show it.
///
/// It ends with the first answer that cannot be explained, and begins where no operation was open
/// before: there the state was one of a few.
public struct LinearizabilityViolation<Model: SequentialModel>: Error, CustomStringConvertible {
  public typealias Record = History<Model.Operation, Model.Result>.Record

  public var part: Model.Part
  /// What the state can have been before the first of them.
  public var statesBefore: Set<Model.State>
  public var records: [Record]

  /// The operations as a table: a column for each task, time going down.
  public var description: String {
    let what = Model.Part.self == WholeObject.self ? "" : " on \(part)"
    return "no order of these operations\(what) explains their answers\n"
      + HistoryText(self).lines.map { "  \($0)" }.joined(separator: "\n")
  }
}

extension LinearizabilityChecker {
  /// Makes operations of one part, which nothing explains, as few as possible.
  mutating func violation(
    of records: [Record], _ part: Model.Part
  ) -> LinearizabilityViolation<Model> {
    let answers = records.compactMap(\.answer?.time).sorted()
    // What is explained up to some answer is so up to earlier ones: halve until it is found.
    var (explained, unexplained) = (0, answers.count)
    while unexplained - explained > 1 {
      let middle = (explained + unexplained) / 2
      if explains(beginning(of: records, until: answers[middle - 1]), from: model.initialState) {
        explained = middle
      } else {
        unexplained = middle
      }
    }
    let kept = beginning(of: records, until: answers[unexplained - 1])
    let cut = Self.lastPause(in: kept)
    let before = kept.filter { ($0.answer?.time ?? .max) < cut }
    return LinearizabilityViolation(
      part: part, statesBefore: outcomes(before, from: model.initialState),
      records: kept.filter { $0.call >= cut }.sorted { $0.call < $1.call })
  }

  /// What had been called and answered by then.
  private func beginning(of records: [Record], until time: UInt64) -> [Record] {
    records.filter { $0.call <= time }.map { record in
      var record = record
      if let answer = record.answer, answer.time > time { record.answer = nil }
      return record
    }
  }

  /// The call before which no operation was open, the last of those.
  private static func lastPause(in records: [Record]) -> UInt64 {
    var pause: UInt64 = 0
    var latest: UInt64?
    for record in records.sorted(by: { $0.call < $1.call }) {
      if let latest, latest < record.call { pause = record.call }
      latest = max(latest ?? 0, record.answer?.time ?? .max)
    }
    return pause
  }
}
