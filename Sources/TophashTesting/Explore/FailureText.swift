import Testing
import TophashSearch
import TophashTaskOrder
import TophashTestScopes

/// What is said of a failing order, beside the failure itself.
struct FoundText {
  let lines: [String]

  init(_ found: TaskOrderSearch.Found, seed: UInt64) {
    let text = TaskOrderText(found.run)
    let switches = found.run.choices.count
    var lines: [String] = []
    if found.number == 0 {
      lines.append("the plain order of tasks shows it\(Self.grade(found))")
    } else {
      let by = found.scheduler.map { " (\($0.rawValue))" } ?? ""
      let how =
        switches == 0
        ? "the plain order of tasks shows it as well"
        : switches == 1 ? "1 switch makes it happen" : "\(switches) switches make it happen"
      let fewest = found.isFewest && switches > 1 ? ", fewer do not" : ""
      lines.append(
        "found by schedule \(found.number) of seed \(seed)\(by); \(how)\(fewest)\(Self.grade(found))"
      )
    }
    lines += text.statements.map { "  \($0)" }
    if !text.order.isEmpty { lines.append("order: \(text.order)") }
    if !found.run.isFullyControlled {
      lines.append("something came from outside, whose order was not decided: it need not repeat")
    }
    lines.append("again: @Test(.replay(\"\(TaskOrderSchedule(found.run).text)\"))")
    self.lines = lines
  }

  private static func grade(_ found: TaskOrderSearch.Found) -> String {
    if found.run.end.isLost { return "" }
    let count = "\(found.same) of \(TaskOrderSearch.replays)"
    return found.same == TaskOrderSearch.replays
      ? "; replayed \(count)" : "; not reproduced, \(count)"
  }
}

/// What is said of a replay.
struct ReplayVerdict {
  let lines: [String]
  private let hasFailed: Bool

  init(_ run: TaskOrderRun, _ schedule: TaskOrderSchedule, hasFailed: Bool) {
    self.hasFailed = hasFailed
    let isSame = schedule.hash.map { $0 == run.hash } ?? (run.drift == 0)
    let text = TaskOrderText(run)
    var lines: [String] = []
    switch (hasFailed, isSame) {
    case (true, true): lines.append("replayed, the same down to each step")
    case (true, false): lines.append("it failed, but took another way than the schedule says")
    case (false, true): lines.append("not reproduced: the same steps ended well")
    case (false, false):
      lines.append("not reproduced: it took another way than the schedule says, and ended well")
    }
    lines += text.statements.map { "  \($0)" }
    if hasFailed { lines.append("order: \(text.order)") }
    if !hasFailed {
      lines.append("that is no proof that anything is fixed: search again without '.replay'")
    }
    self.lines = lines
  }

  /// Says that nothing failed, which fails no test.
  func warn(_ place: SourceLocation) {
    let text = lines.joined(separator: "\n")
    #if compiler(>=6.3)
    Issue.record(Comment(rawValue: text), severity: .warning, sourceLocation: place)
    #else
    writeError("TophashTesting: \(text)\n")
    #endif
  }
}

extension TaskOrderRun.End {
  /// What is wrong with a body that neither returned nor threw.
  var words: String? {
    switch self {
    case .returned, .threw: nil
    case .endless: "the body does not end: livelock, or a loop without end"
    case .stuck:
      "the body waits, none of its tasks can go on, and nothing from outside woke one for as long"
        + " as was waited: tasks that wait for each other, or a continuation that is never resumed"
        + " (not proven)"
    case .tooManyTasks: "the body has more tasks than can be told apart, 512"
    }
  }
}
