import Testing

@testable import TophashFindings

/// Programs without a fault behave as without the probe, and nothing is said about them.
@Suite struct CorrectProgramTests {
  static let scenarios = [
    "access-empty-properties", "access-in-destructors", "cancel-inside-access", "churn",
    "count-under-lock", "crowd-under-lock", "exit-inside-access", "exit-main-thread",
    "fill-bucket", "fork", "hop-inside-access", "interrupt-accesses", "lock-in-property",
    "lock-in-property-after-hops", "use-actor",
  ]

  @Test(arguments: scenarios)
  func `a debug build is left alone`(_ scenario: String) throws {
    let run = try play(scenario)
    expectSilence(run)
    #expect(run.processes.allSatisfy { $0.header.hooks.contains(.patched) })
  }

  @Test(arguments: scenarios)
  func `a release build is left alone`(_ scenario: String) throws {
    expectSilence(try play(scenario, .release))
  }

  @Test(arguments: [
    "access-in-destructors", "exit-inside-access", "hop-inside-access", "interrupt-accesses",
    "use-actor",
  ])
  func `a program with its own runtime is left alone`(_ scenario: String) throws {
    expectSilence(try play(scenario, .staticRuntime))
  }

  @Test(arguments: [
    "access-in-destructors", "exit-inside-access", "hop-inside-access", "interrupt-accesses",
    "use-actor",
  ])
  func `interposition alone does no harm either`(_ scenario: String) throws {
    let run = try play(scenario, hook: .interpose)
    expectSilence(run)
    #expect(run.processes.allSatisfy { $0.header.hooks == [.interposed, .gate] })
  }

  @Test func `every one of ten thousand short threads is seen`() throws {
    let run = try play("churn")
    let process = try #require(run.processes.first)
    #expect(process.header.work.threads == 10_001)
    #expect(process.accesses.tracked >= 20_000)
  }

  @Test func `accesses that find no room are counted`() throws {
    let run = try play("fill-bucket")
    let process = try #require(run.processes.first)
    // Eight neighbours, of which four are watched at a time, a hundred times.
    #expect(process.header.work.accessesDropped == 400)
  }

  @Test func `a program whose checks were compiled out has no accesses`() throws {
    let run = try play("count-under-lock", .unchecked)
    let process = try #require(run.processes.first)
    #expect(process.header.state == .watching)
    #expect(process.accesses.all == 0)
  }

  private func expectSilence(
    _ run: ProbedRun, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(!run.processes.isEmpty, sourceLocation: sourceLocation)
    #expect(run.conflicts.isEmpty, sourceLocation: sourceLocation)
    #expect(
      run.processes.allSatisfy { $0.header.state == .watching }, sourceLocation: sourceLocation)
    let accesses = run.processes.reduce(0) { $0 + $1.accesses.tracked }
    #expect(accesses > 0, sourceLocation: sourceLocation)
  }
}
