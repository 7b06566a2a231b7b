import TophashSearch

/// A search and what became of its failure: all that a report says.
package struct Exploration: Sendable {
  /// The program and its arguments, as they were typed.
  package var command: [String]
  package var seed: UInt64
  package var result: Search.Result
  package var failure: ReplayedFailure?

  package init(command: [String], seed: UInt64, result: Search.Result) {
    self.command = command
    self.seed = seed
    self.result = result
  }
}

/// A failure with the schedule that makes it happen.
package struct ReplayedFailure: Sendable {
  package var failure: Failure
  package var scheduler: Scheduler
  /// The run that found it, from 1.
  package var number: Int
  /// What the program said.
  package var message: String?
  /// Deviations of the run that found it.
  package var foundChoices: Int
  package var schedule: Schedule
  /// How often the schedule was run again, and how often the same happened, down to each step.
  package var replays: Int
  package var same: Int
  /// Every schedule with fewer switches was tried, and none fails so.
  package var isFewest: Bool
  package var isFullyControlled: Bool
  package var interleaving: Interleaving
  /// Where the schedule was written.
  package var file: String?

  package init(
    failure: Failure, scheduler: Scheduler, number: Int, message: String?, foundChoices: Int,
    schedule: Schedule, replays: Int, same: Int, isFewest: Bool,
    isFullyControlled: Bool,
    interleaving: Interleaving
  ) {
    self.failure = failure
    self.scheduler = scheduler
    self.number = number
    self.message = message
    self.foundChoices = foundChoices
    self.schedule = schedule
    self.replays = replays
    self.same = same
    self.isFewest = isFewest
    self.isFullyControlled = isFullyControlled
    self.interleaving = interleaving
  }

  /// Whether it may be called what it is: the schedule makes it happen, each time.
  package var isReplayed: Bool { replays > 0 && same == replays }
}

extension Account {
  /// The line in which a Swift program says why it stops.
  package var message: String? {
    let lines = output.split(whereSeparator: \.isNewline)
    let words = ["Fatal error", "fatal error", "Precondition failed", "Assertion failed"]
    let line =
      lines.last { line in words.contains { line.contains($0) } }
      ?? lines.last { $0.contains("rror") }
    return line.map { String($0.prefix(300)) }
  }
}
