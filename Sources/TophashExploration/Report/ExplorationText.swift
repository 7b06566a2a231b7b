/// The report for people.
package struct ExplorationText {
  private let exploration: Exploration
  private let again: String?

  /// - Parameter again: the command that replays the schedule.
  package init(_ exploration: Exploration, again: String?) {
    self.exploration = exploration
    self.again = again
  }

  package var text: String {
    guard let failure = exploration.failure else { return "" }
    var lines = [headline(failure)]
    lines += failure.interleaving.meetings.map { "  \($0)" }
    if let message = failure.message { lines.append("  \(message)") }
    lines += origin(failure).map { "  \($0)" }
    let table = InterleavingText(interleaving: failure.interleaving).lines
    if !table.isEmpty { lines += [""] + table.map { "  \($0)" } }
    if let crash = failure.interleaving.crash { lines += ["", "  it stopped in \(crash)"] }
    let waits = failure.interleaving.waits
    if !waits.isEmpty { lines += ["", "  at the end:"] + waits.map { "    \($0)" } }
    if !failure.isFullyControlled {
      lines += ["", "  parts of the run were not under control: it need not repeat"]
    }
    if let again { lines += ["", "  again: \(again)"] }
    return lines.joined(separator: "\n") + "\n"
  }

  private func headline(_ failure: ReplayedFailure) -> String {
    let grade =
      failure.isReplayed
      ? "replayed, \(failure.same) of \(failure.replays)"
      : "not reproduced, \(failure.same) of \(failure.replays)"
    return "failure (\(grade)): \(failure.failure.words)"
  }

  private func origin(_ failure: ReplayedFailure) -> [String] {
    let choices = failure.schedule.choices.count
    let found =
      "found by run \(failure.number) of seed \(exploration.seed) (\(failure.scheduler.rawValue))"
    if failure.number == 0 { return ["the plain order of threads shows it"] }
    if choices == 0 { return ["\(found); the plain order of threads shows it as well"] }
    let times = choices == 1 ? "1 switch makes it happen" : "\(choices) switches make it happen"
    let fewest = failure.isFewest && choices > 1 ? ", fewer do not" : ""
    return ["\(found); \(times)\(fewest):"]
      + failure.interleaving.statements.map { "  \($0)" }
  }
}
