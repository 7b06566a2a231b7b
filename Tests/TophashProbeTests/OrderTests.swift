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

  @Test(arguments: CorrectProgramTests.scenarios)
  func `the optimised probe follows order, too`(_ scenario: String) throws {
    let command = Command(path: try Fixture.release.path, arguments: [scenario])
    let plain = try command.run()
    for gate in [0, 1] {
      let run = try ProbedRun(
        command, options: "clocks=1:gate=\(gate)", library: Fixture.optimisedProbe.path)
      #expect(run.result.end == plain.end)
      #expect(run.conflicts == [])
      #expect(run.processes.allSatisfy { $0.header.order == .followed })
      #expect(run.processes.allSatisfy { $0.header.hooks.contains(.gate) == (gate == 1) })
    }
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
