import Dispatch
import Testing
import TophashSearch

@testable import TophashTaskOrder

/// Bodies run in orders of their tasks, without the test library around it.
@Suite struct TaskOrderTests {
  /// Explores a body that says whether all was right.
  func explore(
    _ schedules: Int = 500, seed: UInt64 = 1, only: Scheduler? = nil, patience: Int = 10_000,
    _ body: @escaping @Sendable () async -> Bool
  ) async -> TaskOrderSearch.Result {
    await Task(executorPreference: OwnThread()) {
      let isRight = Shared(true)
      var search = TaskOrderSearch { run in
        if case .returned = run.end { return isRight.now ? nil : "wrong" }
        return "\(run.end)"
      }
      search.limit = schedules
      search.seed = seed
      search.only = only
      let runner = TaskOrderRunner()
      runner.patience = .milliseconds(patience)
      return search.run(on: runner) {
        isRight.now = true
        isRight.now = await body()
      }
    }.value
  }

  static let bodies: [(String, @Sendable (Bool) async -> Bool)] = [
    (
      "child tasks",
      { fixed in
        let account = Account()
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            group.addTask {
              if fixed { await account.depositAtOnce(10) } else { await account.deposit(10) }
            }
          }
        }
        return await account.balance == 20
      }
    ),
    (
      "async let",
      { fixed in
        let account = Account()
        async let one: Void = fixed ? account.depositAtOnce(10) : account.deposit(10)
        async let other: Void = fixed ? account.depositAtOnce(10) : account.deposit(10)
        _ = await (one, other)
        return await account.balance == 20
      }
    ),
    (
      "unstructured tasks",
      { fixed in
        let account = Account()
        let tasks = (0..<2).map { _ in
          Task { if fixed { await account.depositAtOnce(10) } else { await account.deposit(10) } }
        }
        for task in tasks { await task.value }
        return await account.balance == 20
      }
    ),
    (
      "detached tasks",
      { fixed in
        let account = Account()
        let tasks = (0..<2).map { _ in
          Task.detached {
            if fixed { await account.depositAtOnce(10) } else { await account.deposit(10) }
          }
        }
        for task in tasks { await task.value }
        return await account.balance == 20
      }
    ),
    (
      "timeouts",
      { fixed in
        // The answer takes an hour, and the timeout comes after a minute, or after a day.
        let answer = Shared<String?>(nil)
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            try? await Task.sleep(for: .seconds(3600))
            answer.value.withLock { $0 = $0 ?? "answer" }
          }
          group.addTask {
            try? await Task.sleep(for: .seconds(fixed ? 86_400 : 60))
            answer.value.withLock { $0 = $0 ?? "timeout" }
          }
        }
        return answer.now == "answer"
      }
    ),
    (
      "streams",
      { fixed in
        // Two producers; the first one to be done ends the stream, or the last one.
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        let left = Shared(fixed ? 2 : 1)
        async let sum = stream.reduce(0, +)
        await withTaskGroup(of: Void.self) { group in
          for number in 1...2 {
            group.addTask {
              continuation.yield(number)
              if left.value.withLock({
                $0 -= 1
                return $0 == 0
              }) {
                continuation.finish()
              }
            }
          }
        }
        return await sum == 3
      }
    ),
  ]

  @Test(arguments: bodies.indices)
  func `what is wrong in some order is found, its twin never`(_ index: Int) async {
    let (name, body) = Self.bodies[index]
    let wrong = await explore { await body(false) }
    #expect(wrong.found?.failure == "wrong", "\(name)")
    #expect(wrong.found?.same == TaskOrderSearch.replays, "\(name)")
    #expect((wrong.found?.run.choices.count ?? 9) <= 2, "\(name)")
    #expect(wrong.external == 0 && wrong.leftBehind == 0, "\(name)")
    let right = await explore { await body(true) }
    #expect(right.found == nil, "\(name)")
    #expect(right.external == 0 && right.leftBehind == 0, "\(name)")
  }

  @Test(arguments: Scheduler.allCases)
  func `a seed decides`(_ scheduler: Scheduler) async {
    let hashes = Shared<[UInt64]>([])
    @Sendable func play(_ seed: UInt64) async -> [UInt64] {
      await Task(executorPreference: OwnThread()) {
        let runner = TaskOrderRunner()
        return (0..<50).map { number in
          let plan = Plan.search(scheduler, seed: seed &+ UInt64(number))
          return runner.run(plan) { _ = await Self.bodies[0].1(false) }.hash
        }
      }.value
    }
    let first = await play(1)
    #expect(await play(1) == first)
    // There is one plain order, and many others.
    #expect(scheduler == .bounded ? Set(first).count == 1 : Set(first).count > 1)
    hashes.now = first
  }

  @Test func `a record alone makes the same choices`() async {
    await Task(executorPreference: OwnThread()) {
      let runner = TaskOrderRunner()
      for seed in UInt64(1)...50 {
        let made = runner.run(.search(.random, seed: seed)) { _ = await Self.bodies[5].1(true) }
        let again = runner.run(.replay(made.choices)) { _ = await Self.bodies[5].1(true) }
        #expect(again.hash == made.hash && again.drift == 0)
        #expect(again.choices == made.choices)
      }
    }.value
  }

  @Test func `a body with few orders is tried in all of them`() async {
    let result = await explore { await Self.bodies[0].1(true) }
    #expect(result.isEverythingTried)
    #expect(result.runs < 500)
  }

  // MARK: Ends

  @Test func `a continuation that nobody resumes is told, and claimed to be no more than that`()
    async
  {
    let result = await explore(patience: 20) {
      let lost = Shared<UnsafeContinuation<Void, Never>?>(nil)
      await withUnsafeContinuation { continuation in lost.now = continuation }
      return true
    }
    guard case .stuck? = result.found?.run.end else {
      Issue.record("\(String(describing: result.found))")
      return
    }
  }

  @Test func `what comes from another thread is waited for, and told`() async {
    let result = await explore(10) {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume() }
      }
      return true
    }
    #expect(result.found == nil)
    #expect(result.external > 0)
    #expect(result.runs == 10)
  }

  @Test func `the main actor is waited for, and told`() async {
    let result = await explore(10) { await MainActor.run { true } }
    #expect(result.found == nil)
    #expect(result.external > 0)
  }

  @Test func `a loop without end is a livelock`() async {
    let isRacing = Shared(false)
    let result = await explore(50, only: .random) {
      let flag = Shared(false)
      async let sets: Void = { if !isRacing.now { flag.now = true } }()
      async let waits: Void = {
        while !flag.now { await Task.yield() }
      }()
      _ = await (sets, waits)
      isRacing.now = true
      return true
    }
    guard case .endless? = result.found?.run.end else {
      Issue.record("\(String(describing: result.found))")
      return
    }
  }

  @Test func `what a body throws is a failure`() async {
    struct Mistake: Error {}
    let end = await Task(executorPreference: OwnThread()) {
      TaskOrderRunner().run(.plain) { throw Mistake() }.end
    }.value
    guard case .threw(let error) = end else {
      Issue.record("\(end)")
      return
    }
    #expect(error is Mistake)
  }

  @Test func `what a body starts and does not wait for runs to its end`() async {
    let count = Shared(0)
    let result = await explore(20) {
      let before = count.now
      Task {
        await Task.yield()
        count.value.withLock { $0 += 1 }
      }
      return count.now == before
    }
    #expect(count.now >= result.runs + 1)
    #expect(result.leftBehind == 0)
  }

  @Test func `what never ends is left behind, and told`() async {
    let isOver = Shared(false)
    let result = await explore(3) {
      Task { while !isOver.now { try? await Task.sleep(for: .seconds(1)) } }
      return true
    }
    isOver.now = true
    #expect(result.found == nil)
    #expect(result.leftBehind > 0)
  }

  @Test func `more tasks than can be told apart are no failure by silence`() async {
    let result = await explore(3) {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<600 { group.addTask {} }
      }
      return true
    }
    guard case .tooManyTasks? = result.found?.run.end else {
      Issue.record("\(String(describing: result.found))")
      return
    }
  }
}
