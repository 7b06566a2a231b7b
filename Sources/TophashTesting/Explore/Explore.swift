public import Testing
import TophashSearch
import TophashTaskOrder
import TophashTestScopes

/// Runs `body` in one order of its tasks after another, until an expectation in it fails.
///
/// ```swift
/// @Test func twoSales() async throws {
///   try await explore(.portfolio, schedules: 1_000) {
///     let till = Till()
///     async let tea: Void = till.sell(3)
///     async let milk: Void = till.sell(1)
///     _ = await (tea, milk)
///     #expect(await till.total == 4)
///   }
/// }
/// ```
///
/// A failing order is made short, run again ten times, and recorded as an issue with the line
/// that runs it again: `@Test(.replay("…"))`. A failure is an expectation that does not hold, an
/// error that `body` throws, a body that does not end, and one that waits although none of its
/// tasks can go on.
///
/// One thread runs all of it, a step of one task at a time: from its start, or from where it
/// waited, hopped to an actor or yielded, to where it does so again. So two steps never overlap:
/// *the order of tasks alone is explored*, and a race between two lines without an `await` is not
/// seen; `tophash explore` has points there, too. Time passes when no task can go on, so that an
/// hour of `Task.sleep` takes none (with Swift 6.3). The main actor, custom executors, threads
/// and Dispatch are not under control: their part is waited for, and counted in
/// ``Exploration/external``.
///
/// In a process that `tophash explore` runs, `body` runs once: then the order is decided from
/// outside, with points at each access and lock.
///
/// `body` runs many times: it makes what it needs, and leaves nothing behind. Runs of one seed are
/// the same each time, as far as the body is: sets and dictionaries iterate alike with
/// `SWIFT_DETERMINISTIC_HASHING=1` only.
///
/// - Parameters:
///   - search: How orders are chosen.
///   - schedules: At most so many, beside the plain order. Fewer, when there are no others.
///   - seed: Makes the choices of another search.
///   - patience: How long a run waits for the outside when none of its tasks can go on.
/// - Returns: What was covered.
/// - Throws: `CancellationError` when the test is cancelled; ``ExplorationError`` when the order to
///   replay cannot be read, and, outside of a test of Swift Testing, for a failure.
@discardableResult
public func explore(
  _ search: ScheduleSearch = .portfolio, schedules: Int = 1_000, seed: UInt64 = 1,
  patience: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Sendable () async throws -> Void
) async throws -> Exploration {
  if ExploredProcess.isCurrent {
    // Every run of this process is another order already, and a finer one.
    try await body()
    return Exploration.ofProcess
  }
  TaskOrderNotice.sayOnce()
  let explorer = BodyExplorer(
    search: search, schedules: schedules, seed: seed, patience: patience,
    sourceLocation: sourceLocation, body: body)
  if let text = ReplayTrait.current {
    return try await explorer.replay(text)
  }
  return try await explorer.explore()
}

/// What is said once in each process that explores.
private enum TaskOrderNotice {
  static func sayOnce() { _ = said }

  private static let said: Void = writeError(
    "TophashTesting: explore { } tries orders of tasks alone: its points are where tasks start,"
      + " wait, hop and yield\n")
}
