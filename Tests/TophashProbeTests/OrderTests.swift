import Testing
import TophashTestSupport

@testable import TophashFindings

/// The probe with clocks: correct programs behave as without, and nothing is said about them.
@Suite struct OrderTests {
  private func play(
    _ scenario: String, _ build: Fixture, hook: Probe.Hook = .auto
  ) throws -> ProbedRun {
    try expectSame(
      Command(path: build.path, arguments: [scenario]), options: "clocks=1:hook=\(hook)")
  }

  @Test(arguments: CorrectProgramTests.scenarios)
  func `nothing is unordered in a correct program, debug`(_ scenario: String) throws {
    let run = try play(scenario, .debug)
    #expect(run.conflicts == [])
    #expect(run.processes.allSatisfy { $0.header.order == .followed })
  }

  @Test(arguments: CorrectProgramTests.scenarios)
  func `nothing is unordered in a correct program, release`(_ scenario: String) throws {
    let run = try play(scenario, .release)
    #expect(run.conflicts == [])
    #expect(run.processes.allSatisfy { $0.header.order == .followed })
  }

  @Test func `a program with its own runtime is checked for overlaps only, and says so`() throws {
    let run = try play("use-actor", .staticRuntime)
    #expect(run.conflicts == [])
    #expect(run.processes.map(\.header.order) == [.unknown])
  }

  @Test func `interposition alone cannot follow order, and says so`() throws {
    let run = try play("use-actor", .debug, hook: .interpose)
    #expect(run.conflicts == [])
    #expect(run.processes.map(\.header.order) == [.unknown])
  }

  @Test func `order is not followed unless asked for`() throws {
    let run = try expectSame(Command(path: Fixture.debug.path, arguments: ["use-actor"]))
    #expect(run.processes.map(\.header.order) == [.ignored])
  }
}
