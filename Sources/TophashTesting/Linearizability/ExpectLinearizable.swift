public import Testing
@_exported public import TophashLinearizability

/// Expects that an object which several threads use at once answers as if it did one operation at
/// a time: a stress test.
///
/// Each script is done on a thread of its own, again and again with a new object. An issue shows
/// the fewest operations of the first history that no order explains.
///
/// ```swift
/// expectLinearizable(CounterModel(), scripts: [[.increment, .read], [.increment]]) {
///   LockedCounter()
/// } perform: { counter, operation in
///   operation == .increment ? counter.increment() : counter.value
/// }
/// ```
///
/// What threads do is left to chance, so that silence shows little. Whole programs that use a
/// ``History`` and a ``LinearizabilityChecker`` can be run by `tophash explore`.
///
/// - Parameters:
///   - scripts: What each thread asks, one after the other.
///   - rounds: How often it is repeated.
///   - makeSubject: Makes the object.
///   - perform: Asks it.
/// - Complexity: The check is exponential in how many operations overlap on one part.
public func expectLinearizable<Model: SequentialModel, Subject: Sendable>(
  _ model: Model, scripts: [[Model.Operation]], rounds: Int = 100,
  sourceLocation: SourceLocation = #_sourceLocation, _ makeSubject: () throws -> Subject,
  perform: @escaping @Sendable (Subject, Model.Operation) -> Model.Result
) rethrows {
  for round in 1...max(1, rounds) {
    let subject = try makeSubject()
    let history = History.onThreads(scripts) { perform(subject, $0) }
    var checker = LinearizabilityChecker(model)
    if let violation = checker.violation(in: history) {
      Issue.record(
        "\(violation)\nin round \(round) of \(max(1, rounds))", sourceLocation: sourceLocation)
      return
    }
  }
}

/// Expects that an object which several tasks use answers as if it did one operation at a time, in
/// every order of these tasks that is tried: see ``explore(_:schedules:seed:patience:sourceLocation:_:)``.
///
/// ```swift
/// try await expectLinearizable(CounterModel(), scripts: [[.increment, .read], [.increment]]) {
///   Counter()  // an actor
/// } perform: { counter, operation in
///   operation == .increment ? await counter.increment() : await counter.value
/// }
/// ```
///
/// Operations are the tasks' steps as far as they wait; for an object that is guarded by locks and
/// never waits, all of them are in order, and the stress test is the one to use.
///
/// - Parameters:
///   - scripts: What each task asks, one after the other.
///   - makeSubject: Makes the object.
///   - perform: Asks it.
/// - Returns: What was covered.
@discardableResult
public func expectLinearizable<Model: SequentialModel, Subject: Sendable>(
  _ model: Model, scripts: [[Model.Operation]], _ search: ScheduleSearch = .portfolio,
  schedules: Int = 1_000, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation,
  _ makeSubject: @escaping @Sendable () async throws -> Subject,
  perform: @escaping @Sendable (Subject, Model.Operation) async throws -> Model.Result
) async throws -> Exploration {
  try await explore(search, schedules: schedules, seed: seed, sourceLocation: sourceLocation) {
    let subject = try await makeSubject()
    let clock = CountingClock()
    let history = try await withThrowingTaskGroup(
      of: History<Model.Operation, Model.Result>.self
    ) { group in
      for (task, script) in scripts.enumerated() {
        group.addTask {
          var own = History<Model.Operation, Model.Result>()
          for operation in script {
            let call = clock.next()
            let result = try await perform(subject, operation)
            own.records.append(
              .init(
                task: task + 1, operation: operation, call: call,
                answer: .init(result: result, time: clock.next())))
          }
          return own
        }
      }
      return try await group.reduce(into: History()) { $0.add($1) }
    }
    var checker = LinearizabilityChecker(model)
    if let violation = checker.violation(in: history) {
      Issue.record("\(violation)", sourceLocation: sourceLocation)
    }
  }
}
