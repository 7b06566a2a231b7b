import TophashSearch

/// A schedule that makes a program fail, and all that it takes to run it again.
package struct Schedule: Hashable, Sendable {
  /// The program and its arguments, as they were typed.
  package var command: [String]
  /// Of the program's file; empty when it has none.
  package var buildID: String
  /// The search that found it.
  package var seed: UInt64
  package var scheduler: String
  /// What happened, in one line.
  package var failure: String
  /// Of the whole run: what it did, in which order.
  package var hash: UInt64
  package var steps: Int
  package var choices: [Choice]
  /// What each choice means, for people; as many as `choices`, or none.
  package var notes: [String]

  package init(
    command: [String], buildID: String, seed: UInt64, scheduler: String, failure: String,
    hash: UInt64, steps: Int, choices: [Choice], notes: [String] = []
  ) {
    self.command = command
    self.buildID = buildID
    self.seed = seed
    self.scheduler = scheduler
    self.failure = failure
    self.hash = hash
    self.steps = steps
    self.choices = choices
    self.notes = notes
  }
}
