import Dispatch
import Synchronization
import Testing
import TophashSearch
import TophashTaskOrder
import TophashTestScopes

/// One `explore { }`, from the body to the issue.
struct BodyExplorer: Sendable {
  var search: ScheduleSearch
  var schedules: Int
  var seed: UInt64
  var patience: Duration
  var sourceLocation: SourceLocation
  var body: @Sendable () async throws -> Void

  func explore() async throws -> Exploration {
    try await withIssues { issues in
      let result = try await onOwnThread { runner in
        var search = TaskOrderSearch { failure(of: $0, issues) }
        search.seed = seed
        search.limit = schedules
        search.only = self.search.scheduler
        search.isCancelled = { Task.isCancelled }
        return search.run(on: runner) { try await run(issues) }
      }
      let exploration = Exploration(result)
      if let found = result.found {
        let comments = FoundText(found, seed: seed).lines
        try await record(found.run, isSame: found.same > 0, comments, issues)
      } else {
        let test = Test.current.map { "\"\($0.displayName ?? $0.name)\": " } ?? ""
        writeError("TophashTesting: \(test)\(exploration); none failed\n")
      }
      return exploration
    }
  }

  func replay(_ text: String) async throws -> Exploration {
    let schedule: TaskOrderSchedule
    do throws(TaskOrderSchedule.Mistake) {
      schedule = try TaskOrderSchedule(text: text)
    } catch {
      throw ExplorationError(description: "this order of tasks cannot be read: \(error.what)")
    }
    return try await withIssues { issues in
      let (run, failure) = try await onOwnThread { runner in
        let run = runner.run(.replay(schedule.choices), keepsEvents: true) {
          try await self.run(issues)
        }
        return (run, self.failure(of: run, issues))
      }
      let verdict = ReplayVerdict(run, schedule, hasFailed: failure != nil)
      if failure != nil {
        try await record(run, isSame: !run.end.isLost, verdict.lines, issues)
      } else {
        issues.begin(passing: [])
        verdict.warn(sourceLocation)
      }
      return Exploration(TaskOrderSearch.Result(replayed: run))
    }
  }

  // MARK: Running

  /// Calls `work` in a task, on a thread that may be blocked.
  private func onOwnThread<Result: Sendable>(
    _ work: @escaping @Sendable (TaskOrderRunner) -> Result
  ) async throws -> Result {
    let patience = patience.interval
    let task = Task(executorPreference: OwnThread()) {
      let runner = TaskOrderRunner()
      runner.patience = patience
      return work(runner)
    }
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    try Task.checkCancellation()
    return result
  }

  private func run(_ issues: IssueCollector) async throws {
    issues.begin()
    try await body()
  }

  /// What two runs that failed in the same way have in common.
  private func failure(of run: TaskOrderRun, _ issues: IssueCollector) -> String? {
    if let failure = issues.failure { return failure }
    return switch run.end {
    case .returned: nil
    case .threw(let error): "threw \(type(of: error))"
    case .endless: "endless"
    case .stuck: "stuck"
    case .tooManyTasks: "too many tasks"
    }
  }

  // MARK: Issues

  /// Calls `work` with issues kept from the test, as long as the collector does not hand them on.
  private func withIssues(
    _ work: @escaping @Sendable (IssueCollector) async throws -> Exploration
  ) async throws -> Exploration {
    let issues = IssueCollector()
    #if compiler(>=6.2)
    guard let test = Test.current else { return try await work(issues) }
    let result = Box<Exploration>()
    try await IssueHandlingTrait.compactMapIssues { issues.handle($0) }.provideScope(
      for: test, testCase: Test.Case.current
    ) {
      let exploration = try await work(issues)
      result.value.withLock { $0 = exploration }
    }
    guard let exploration = result.value.withLock({ $0 }) else { throw CancellationError() }
    return exploration
    #else
    return try await work(issues)
    #endif
  }

  /// Records a failure with `comments`: the body's own issue, by running it once more.
  private func record(
    _ run: TaskOrderRun, isSame: Bool, _ comments: [String], _ issues: IssueCollector
  ) async throws {
    guard Test.current != nil else {
      throw ExplorationError(
        description: ([run.end.words].compactMap(\.self) + comments).joined(separator: "\n"))
    }
    let text = Comment(rawValue: comments.joined(separator: "\n"))
    if isSame, run.end.words == nil {
      let choices = run.choices
      _ = try await onOwnThread { runner in
        runner.run(.replay(choices)) {
          issues.begin(passing: [text])
          try await body()
        }
      }
      if issues.passed > 0 { return }
    }
    issues.begin(passing: [])
    if case .threw(let error) = run.end {
      Issue.record(error, text, sourceLocation: sourceLocation)
    } else {
      let headline = run.end.words ?? "it failed, and did not when it was run once more"
      Issue.record(
        Comment(rawValue: headline + "\n" + text.rawValue), sourceLocation: sourceLocation)
    }
  }
}

extension Duration {
  /// For Dispatch, in microseconds.
  fileprivate var interval: DispatchTimeInterval {
    let (seconds, attoseconds) = components
    return .microseconds(Int(clamping: seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000))
  }
}

/// A value that somebody else provides.
private final class Box<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}
