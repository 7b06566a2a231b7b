import TophashSearch

/// Runs a body in one order of its tasks after another until it fails, and makes the failing order
/// short.
package struct TaskOrderSearch {
  package var seed: UInt64 = 1
  /// At most so many runs.
  package var limit = 1000
  package var only: Scheduler?
  /// What two runs that failed in the same way have in common; `nil` for one that did not fail.
  package var failure: (TaskOrderRun) -> String?
  package var isCancelled: () -> Bool = { false }

  /// How often a failing order is run again.
  package static let replays = 10
  private static let endlessTrials = 8

  package init(failure: @escaping (TaskOrderRun) -> String?) { self.failure = failure }

  /// What a search found.
  package struct Result: Sendable {
    package var plain: TaskOrderRun
    package var found: Found?
    package var runs = 0
    package var distinct = 0
    /// How likely the next run would have been a new one.
    package var unseen = 1.0
    /// Every schedule of so many switches, or fewer, was run.
    package var completeUpTo: Int?
    package var isEverythingTried = false
    /// The most tasks of a run, and the most steps.
    package var tasks = 0
    package var steps = 0
    /// Runs to which other threads brought something, and runs that left something behind.
    package var external = 0
    package var leftBehind = 0
  }

  /// A run that failed.
  package struct Found: Sendable {
    package var failure: String
    package var scheduler: Scheduler?
    /// From 1; 0 for the plain order.
    package var number: Int
    /// Switches of the run as it was found.
    package var foundChoices: Int
    /// The shortest that was found, and its last replay.
    package var run: TaskOrderRun
    package var isFewest: Bool
    /// Of the replays, those that were the same down to each step.
    package var same: Int
  }

  package func run(on runner: TaskOrderRunner, _ body: @escaping TaskOrderRunner.Body) -> Result {
    let plain = runner.run(.plain, keepsCrossroads: true, body)
    var result = Result(plain: plain)
    result.note(plain)
    if let failure = failure(plain) {
      result.found = confirm(failure, plain, scheduler: nil, number: 0, runner, body)
      return result
    }
    runner.length = plain.steps
    runner.stepLimit = max(20_000, plain.steps * 50)
    var turns = Turns(seed: seed, only: only)
    turns.notePlain(hash: plain.hash, plain.crossroads, isWhole: plain.hasAllCrossroads)
    while result.runs < limit, !turns.bounded.isEverythingTried || result.external > 0,
      !isCancelled(),
      let turn = turns.turn(result.runs)
    {
      let run = runner.run(turn.plan, keepsCrossroads: turn.scheduler == .bounded, body)
      turns.note(turn, hash: run.hash, run.crossroads, isWhole: run.hasAllCrossroads)
      result.runs += 1
      result.note(run)
      if let failure = failure(run) {
        result.found = confirm(
          failure, run, scheduler: turn.scheduler, number: result.runs, runner, body)
        break
      }
      if result.runs % Portfolio.round == 0 { turns.endRound() }
    }
    result.distinct = turns.portfolio.distinct
    result.unseen = turns.portfolio.unseen
    result.completeUpTo = turns.bounded.completeUpTo
    result.isEverythingTried = turns.bounded.isEverythingTried
    return result
  }

  /// Makes a failing order short, and runs what is left of it again.
  private func confirm(
    _ failure: String, _ run: TaskOrderRun, scheduler: Scheduler?, number: Int,
    _ runner: TaskOrderRunner, _ body: @escaping TaskOrderRunner.Body
  ) -> Found {
    var found = Found(
      failure: failure, scheduler: scheduler, number: number, foundChoices: run.choices.count,
      run: run, isFewest: false, same: 0)
    // A run that waits in vain takes long, and leaves a task that waits for ever.
    if run.end.isLost { return found }
    let (choices, isFewest) = shrink(failure, run, runner, body)
    found.isFewest = isFewest
    var hash: UInt64?
    for _ in 0..<Self.replays {
      let again = runner.run(.replay(choices), keepsEvents: true, body)
      hash = hash ?? again.hash
      if self.failure(again) == failure, again.hash == hash { found.same += 1 }
      found.run = again
    }
    return found
  }

  private func shrink(
    _ failure: String, _ run: TaskOrderRun, _ runner: TaskOrderRunner,
    _ body: @escaping TaskOrderRunner.Body
  ) -> (choices: [Choice], isFewest: Bool) {
    func attempt(_ choices: [Choice]) -> Reduction<Never>.Trial {
      let run = runner.run(.replay(choices), keepsCrossroads: true, body)
      return (run.choices, run.crossroads, self.failure(run) == failure)
    }
    var reduction = Reduction<Never>(attempt: attempt)
    // A run without end takes long.
    if case .endless = run.end { reduction.limit = Self.endlessTrials }
    return reduction.reduce(run.choices, endingIn: run.lastTask)
  }
}

extension TaskOrderSearch.Result {
  /// Of one run that was no search.
  package init(replayed run: TaskOrderRun) {
    self.init(plain: run)
    (runs, distinct) = (1, 1)
    note(run)
  }

  fileprivate mutating func note(_ run: TaskOrderRun) {
    tasks = max(tasks, run.tasks)
    steps = max(steps, run.steps)
    if run.external > 0 { external += 1 }
    if run.leftBehind > 0 { leftBehind += 1 }
  }
}
