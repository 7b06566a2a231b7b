/// One of the tasks of a scenario: it does the same small thing again and again.
public struct Worker: Sendable {
  /// What the task, the thread or the work items are called.
  let name: String
  /// The mean pause between two rounds.
  let pause: Duration
  let rounds: Int
  let body: @Sendable (_ round: Int) -> Void

  /// Creates a worker that runs `body` once per round.
  ///
  /// Pauses are random, so that two workers rarely meet by themselves: a program that races all
  /// the time is found on the day it is written.
  public init(
    _ name: String, pause: Duration = .milliseconds(10), rounds: Int = 60,
    body: @escaping @Sendable (_ round: Int) -> Void
  ) {
    self.name = name
    self.pause = pause
    self.rounds = rounds
    self.body = body
  }

  /// A pause of a tenth to nineteen tenths of the mean.
  var nextPause: Duration {
    pause * Double.random(in: 0.1...1.9)
  }
}
