import Testing
import TophashSymbols

@testable import TophashFindings

/// Accesses that surely overlap are found, however the program is built and seen.
@Suite struct CollisionTests {
  static let scenarios = [
    "collide", "collide-by-key-path", "collide-in-tasks", "collide-with-suspended", "many-threads",
    "no-descriptors", "no-reading-memory",
  ]

  @Test(arguments: scenarios, [Fixture.debug, .release, .staticRuntime])
  func `a collision is found once`(_ scenario: String, _ build: Fixture) throws {
    let run = try play(scenario, build)
    let process = try #require(run.processes.first)
    #expect(run.processes.count == 1)
    #expect(process.header.hooks.contains(.patched))
    #expect(process.header.end != nil)
    let conflict = try #require(run.conflicts.first)
    #expect(run.conflicts.count == 1)
    #expect(conflict.open.owner != conflict.begun.owner)
    #expect(conflict.open.flags.contains(.modify) && conflict.begun.flags.contains(.modify))
    #expect(!conflict.snapshot.isEmpty)
  }

  @Test(arguments: ["collide", "collide-in-tasks", "collide-with-suspended"])
  func `interposition finds it too`(_ scenario: String) throws {
    let run = try play(scenario, hook: .interpose)
    #expect(run.processes.first?.header.hooks == [.interposed, .gate])
    #expect(run.conflicts.count == 1)
  }

  @Test func `interposition does not see key paths`() throws {
    #expect(try play("collide-by-key-path", hook: .interpose).conflicts.isEmpty)
  }

  @Test func `a runtime in the program cannot be interposed, and the probe says so`() throws {
    let run = try play("collide", .staticRuntime, hook: .interpose)
    #expect(run.processes.map(\.header.state) == [.refused(.noHook)])
  }

  @Test func `both sides of a thread's collision have their stacks`() throws {
    let run = try play("collide")
    let conflict = try #require(run.conflicts.first)
    for side in [conflict.open, conflict.begun] {
      #expect(!side.flags.contains(.task))
      #expect(side.flags.contains(.stable))
      #expect(side.frames.count >= 3)
      #expect(side.threadID > 0)
    }
  }

  @Test func `a suspended task has a site and no stack`() throws {
    let run = try play("collide-with-suspended")
    let conflict = try #require(run.conflicts.first)
    #expect(conflict.open.flags.contains(.task) && conflict.begun.flags.contains(.task))
    #expect(conflict.open.flags.contains(.suspended))
    #expect(conflict.open.frames.count == 1)
    #expect(conflict.open.taskID != conflict.begun.taskID)
  }

  @Test(arguments: [Fixture.debug, .release])
  func `the callers that await a task are told, and of none nothing`(_ build: Fixture) throws {
    let run = try play("collide-while-awaited", build)
    let process = try #require(run.processes.first)
    let conflict = try #require(run.conflicts.first)
    let symbolizer = Symbolizer(images: process.images, toolPath: nil)
    func callers(of side: Conflict.Side) -> [String] {
      let frames = symbolizer.frames(at: side.asyncFrames)
      return Side.awaitingCallers(side.asyncFrames.map { frames[$0] ?? [] }).map(\.function)
    }
    #expect(
      callers(of: conflict.open).filter { !$0.contains("closure") && $0 != "reabstraction thunk" }
        == ["holdForOne(_:_:_:)", "holdForTwo(_:_:_:)"])
    #expect(callers(of: conflict.begun) == [])
  }

  @Test func `two hundred threads collide with one`() throws {
    let run = try play("crowd-and-collide")
    let process = try #require(run.processes.first)
    // One place in the program, so one record; the other meetings are counted.
    #expect(run.conflicts.count == 1)
    #expect(process.header.work.conflictsSeen == 10_000)
    #expect(run.conflicts.first?.repeats == 9_999)
  }

  @Test(arguments: [Fixture.debug, .release])
  func `a signal handler's accesses do not disturb the recording`(_ build: Fixture) throws {
    #expect(try play("interrupt-collisions", build).conflicts.count == 1)
  }
}
