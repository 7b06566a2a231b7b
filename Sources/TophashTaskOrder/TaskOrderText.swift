import TophashSearch

/// A run in words: which switches, and who did what.
package struct TaskOrderText {
  package let run: TaskOrderRun
  /// More steps than this are told from their end.
  static let steps = 60

  package init(_ run: TaskOrderRun) { self.run = run }

  /// One for each switch: when which task is where, who goes first.
  package var statements: [String] {
    run.choices.map { choice in
      let pending = run.events.first {
        $0.task == choice.thread && $0.ownStep == choice.step + 1
      }
      let function = pending.flatMap { FunctionName(at: $0.function) }
      let place = function.map { " in \($0.text)" } ?? ""
      let upcoming = pending == nil ? "waits" : "is about to go on\(place)"
      let who = Self.name(choice.thread)
      let when = choice.step == 1 ? "after its first step" : "after \(choice.step) steps"
      return "when \(who) \(upcoming), \(when), \(Self.name(choice.next)) goes first"
    }
  }

  /// All steps in one line: `body begins; task 1 begins, hops; » task 2 begins`.
  package var order: String {
    var parts: [String] = []
    var previous: TaskOrderRun.Event?
    for event in run.events {
      let isDeviation = run.choices.contains {
        $0.thread == previous?.task && $0.step == previous?.ownStep && $0.next == event.task
      }
      if let last = previous, last.task == event.task, !isDeviation {
        parts[parts.count - 1] += ", \(event.move)"
      } else {
        parts.append("\(isDeviation ? "» " : "")\(Self.name(event.task)) \(event.move)")
      }
      previous = event
    }
    let shown = parts.suffix(Self.steps)
    return (shown.count < parts.count ? "… " : "") + shown.joined(separator: "; ")
  }

  static func name(_ task: Int) -> String { task == 0 ? "the body" : "task \(task)" }
}
