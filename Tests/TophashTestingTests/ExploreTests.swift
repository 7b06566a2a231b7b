import Synchronization
import Testing
import TophashTesting

/// `explore { }` as a test uses it.
@Suite struct ExploreTests {
  @Test func `a body that is right in every order passes, and the result says what was covered`()
    async throws
  {
    let exploration = try await explore(schedules: 500) {
      let account = Account()
      async let one: Void = account.depositAtOnce(10)
      async let other: Void = account.depositAtOnce(10)
      _ = await (one, other)
      #expect(await account.balance == 20)
    }
    #expect(exploration.isEverythingTried)
    #expect(exploration.external == 0 && exploration.unfinished == 0)
    #expect(exploration.tasks == 3)
    #expect("\(exploration)".hasSuffix("; every order was tried"))
  }

  #if compiler(>=6.2)
  @Sendable func loseDeposit() async throws {
    let account = Account()
    async let one: Void = account.deposit(10)
    async let other: Void = account.deposit(10)
    _ = await (one, other)
    #expect(await account.balance == 20)
  }

  @Test func `an expectation that fails in some order is recorded once, with the way to it`()
    async throws
  {
    let issues = try await collectedIssues { try await explore { try await loseDeposit() } }
    try #require(issues.count == 1)
    guard case .expectationFailed = issues[0].kind else {
      Issue.record("\(issues[0])")
      return
    }
    let text = issues[0].comments.map(\.rawValue).joined(separator: "\n")
    #expect(text.contains("1 switch makes it happen; replayed 10 of 10"))
    #expect(text.contains("goes first\norder: the body begins; task 1 begins"))
    let replay = try #require(
      text.firstMatch(of: #/again: @Test\(\.replay\("(tasks1 .*)"\)\)/#).map { String($0.1) })
    #expect(issues[0].sourceLocation?.fileID == #fileID)

    // The same line makes it happen at once.
    let again = try await collectedIssues {
      try await ReplayTrait.replay(replay).provideScope(
        for: Test.current!, testCase: nil
      ) {
        try await explore { try await loseDeposit() }
      }
    }
    try #require(again.count == 1)
    #expect(
      again[0].comments.last?.rawValue.hasPrefix("replayed, the same down to each step") == true)
  }

  @Test func `what ends well in a replay is not called fixed`() async throws {
    let issues = try await collectedIssues {
      try await ReplayTrait.replay("tasks1 1.2>2 #1").provideScope(
        for: Test.current!, testCase: nil
      ) {
        try await explore {}
      }
      Issue.record("for compilers without warnings")
    }
    let text = issues.flatMap(\.comments).map(\.rawValue).joined(separator: "\n")
    #expect(
      text.contains("not reproduced: it took another way than the schedule says, and ended well"))
    #expect(text.contains("no proof that anything is fixed"))
  }

  @Test func `an order that cannot be read is an error`() async throws {
    await #expect(throws: ExplorationError.self) {
      try await ReplayTrait.replay("pos 7").provideScope(for: Test.current!, testCase: nil) {
        try await explore {}
      }
    }
  }

  @Test func `a requirement that fails, an error, and a lost continuation are failures`()
    async throws
  {
    let required = try await collectedIssues { try await explore { try #require(Bool(false)) } }
    #expect(required.count == 1)

    struct Mistake: Error {}
    let thrown = try await collectedIssues { try await explore { throw Mistake() } }
    try #require(thrown.count == 1)
    #expect(thrown[0].error is Mistake)
    #expect(thrown[0].comments.last?.rawValue.contains("the plain order of tasks shows it") == true)

    let stuck = try await collectedIssues {
      try await explore(patience: .milliseconds(20)) {
        let lost = Shared<UnsafeContinuation<Void, Never>?>(nil)
        await withUnsafeContinuation { lost.now = $0 }
      }
    }
    try #require(stuck.count == 1)
    #expect(stuck[0].comments.first?.rawValue.contains("(not proven)") == true)
  }
  #endif
}
