import Testing
import TophashTesting

enum CounterOperation: Sendable { case increment, read }

struct CounterModel: SequentialModel {
  var initialState: Int { 0 }

  func apply(_ operation: CounterOperation, to state: inout Int) -> Int {
    if operation == .increment { state += 1 }
    return state
  }
}

/// Counts in one step, or in two.
private actor Counter {
  private var count = 0
  private let account = Account()

  func perform(_ operation: CounterOperation, isBroken: Bool) async -> Int {
    guard operation == .increment else { return count }
    let old = count
    if isBroken { await account.audit() }
    count = old + 1
    return count
  }
}

/// A counter behind a lock that is given back between reading and writing.
private final class BrokenCounter: Sendable {
  private let count = Shared(0)

  func perform(_ operation: CounterOperation) -> Int {
    let old = count.now
    guard operation == .increment else { return old }
    count.now = old + 1
    return old + 1
  }
}

@Suite struct ExpectLinearizableTests {
  static let scripts: [[CounterOperation]] = [[.increment, .read], [.increment]]

  @Test func `an actor that does one thing at a time passes in every order`() async throws {
    let exploration = try await expectLinearizable(CounterModel(), scripts: Self.scripts) {
      Counter()
    } perform: { counter, operation in
      await counter.perform(operation, isBroken: false)
    }
    #expect(exploration.isEverythingTried)
  }

  @Test func `an object behind a lock passes`() {
    expectLinearizable(CounterModel(), scripts: Self.scripts, rounds: 20) {
      Shared(0)
    } perform: { counter, operation in
      counter.value.withLock {
        if operation == .increment { $0 += 1 }
        return $0
      }
    }
  }

  #if compiler(>=6.2)
  @Test func `one that does two is shown with the operations that prove it`() async throws {
    let issues = try await collectedIssues {
      try await expectLinearizable(CounterModel(), scripts: Self.scripts) {
        Counter()
      } perform: { counter, operation in
        await counter.perform(operation, isBroken: true)
      }
    }
    try #require(issues.count == 1)
    let text = issues[0].comments.map(\.rawValue).joined(separator: "\n")
    #expect(text.hasPrefix("no order of these operations explains their answers\n  before: 0\n"))
    #expect(text.contains("task 1"))
    #expect(text.contains("task 2"))
    #expect(text.contains("again: @Test(.replay(\"tasks1 "))
  }

  @Test func `a stress test finds what is wrong all the time`() async throws {
    let issues = try await collectedIssues {
      // Rounds are many, as chance decides; the first one that fails ends them.
      expectLinearizable(
        CounterModel(),
        scripts: Array(repeating: .init(repeating: .increment, count: 200), count: 2),
        rounds: 10_000
      ) {
        BrokenCounter()
      } perform: {
        $0.perform($1)
      }
    }
    try #require(issues.count == 1)
    #expect(issues[0].comments.first?.rawValue.contains("explains their answers") == true)
  }
  #endif
}
