import TophashReports

/// What a timeline holds, in a few lines that can be read without it.
package struct TraceSummary {
  package var lines: [String]

  package init(_ timelines: [Timeline]) {
    let slices = timelines.flatMap(\.slices)
    let instants = timelines.flatMap(\.instants)
    let tracks = timelines.flatMap(\.tracks)
    let tasks = tracks.count { if case .task = $0 { true } else { false } }
    let threads = tracks.count { if case .thread = $0 { true } else { false } }
    let starts = slices.map(\.start) + instants.map(\.time)
    let ends = slices.map(\.end) + instants.map(\.time)
    let length = (ends.max() ?? 0) - (starts.min() ?? 0)
    lines = [
      "\(Number.time(length)) of \(Number.counted(UInt64(tasks), "task"))"
        + " and \(Number.counted(UInt64(threads), "thread"))"
    ]
    var columns = Columns()
    for (category, words) in Self.categories {
      let those = slices.filter { $0.category == category && !Self.isRepeated($0) }
      let marks = instants.count { $0.category == category }
      guard !those.isEmpty || marks > 0 else { continue }
      let longest = those.max { $0.end - $0.start < $1.end - $1.start }
      columns.add(
        Number.counted(UInt64(those.isEmpty ? marks : those.count), words.one, words.many),
        longest.map { "longest \(Number.time($0.end - $0.start))" } ?? "", longest?.name ?? "",
        longest?.notes["at"] ?? "")
    }
    lines += columns.lines(indent: "  ")
    let figures = Set(timelines.flatMap(\.counts).map(\.name)).count
    if figures > 0 { lines.append("  \(Number.counted(UInt64(figures), "figure"))") }
    let overlaps = timelines.reduce(into: [:]) { $0.merge($1.overlaps, uniquingKeysWith: +) }
    lines += overlaps.sorted { $0.key < $1.key }.map { variable, count in
      "two threads were inside of \(variable) at one time, and modified it:"
        + " \(Number.counted(UInt64(count), "time"))"
    }
  }

  /// A turn of a task lies on the thread's track, too.
  private static func isRepeated(_ slice: Timeline.Slice) -> Bool {
    if case .task = slice.track { slice.category == "task" } else { false }
  }

  private static let categories: [(String, (one: String, many: String))] = [
    ("task", ("turn of a task", "turns of tasks")), ("line", ("task in line", "tasks in line")),
    ("wait", ("wait", "waits")),
    ("queue", ("work item", "work items")), ("access", ("chosen access", "chosen accesses")),
    ("hold", ("hold", "holds")), ("region", ("region", "regions")), ("log", ("log", "logs")),
    ("finding", ("side of a finding", "sides of findings")),
  ]
}
