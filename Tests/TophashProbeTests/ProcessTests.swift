import Glibc
import Testing
import TophashTestSupport

@testable import TophashFindings

/// Processes that multiply, become others, and hide.
@Suite struct ProcessTests {
  @Test func `children of a fork inside an access are processes of their own`() throws {
    let run = try play("fork")
    let parent = try #require(run.processes.first)
    let children = run.processes.dropFirst()
    #expect(children.count == 20)
    for child in children {
      #expect(child.header.parent == parent.header.pid)
      #expect(child.header.hooks == parent.header.hooks)
      #expect(child.header.state == .watching)
      #expect(child.header.end != nil)
      #expect(child.images == parent.images)
      // The child's own: itself, two threads, and what they did.
      #expect(child.header.work.threads == 3)
      #expect(child.accesses.tracked == 202)
    }
  }

  @Test func `a collision in a child is the child's`() throws {
    let run = try play("fork-and-collide")
    #expect(run.processes.map(\.conflicts.count) == [0] + Array(repeating: 1, count: 20))
  }

  @Test func `a child's very first accesses can collide`() throws {
    let run = try play("fork-and-collide-at-once")
    #expect(run.processes.map(\.conflicts.count) == [0, 1])
  }

  @Test func `a daemon that closed everything is still watched`() throws {
    let run = try play("daemon")
    #expect(run.processes.map(\.conflicts.count) == [0, 1])
    #expect(run.processes.last?.header.hooks == run.processes.first?.header.hooks)
  }

  @Test func `a program that becomes another one leaves both records`() throws {
    let run = try play("exec")
    #expect(run.processes.map(\.conflicts.count) == [1, 1])
    #expect(Set(run.processes.map(\.header.pid)).count == 1)
    #expect(run.processes.first?.header.end == nil)
  }

  @Test func `a spawned program is watched`() throws {
    let run = try play("spawn")
    #expect(run.processes.map(\.conflicts.count) == [1, 1])
    #expect(run.processes.last?.header.parent == run.processes.first?.header.pid)
  }

  @Test(.enabled(if: geteuid() == 0, "changing the root directory takes root"))
  func `outside of its root directory the file is still written`() throws {
    let run = try play("change-root")
    // The child cannot have a file of its own there, and goes on unwatched.
    #expect(run.processes.map(\.conflicts.count) == [1])
  }

  @Test func `children that share the parent's memory do it no harm`() throws {
    let run = try expectSame(
      Command(path: Fixture.children.path, arguments: [Fixture.debug.path, "collide"]))
    #expect(run.result.output.hasPrefix("early 100\n"))
    // By vfork, posix_spawn, and fork.
    #expect(run.processes.map(\.conflicts.count) == [1, 1, 1])
  }

  @Test(arguments: ["fault", "trap", "abort"])
  func `a crash inside an access comes after the record`(_ scenario: String) throws {
    let command = try Command(
      path: Fixture.debug.path, arguments: [scenario],
      environment: ["SWIFT_BACKTRACE": "enable=yes,color=no,interactive=no"])
    let run = try expectSame(command, compareErrors: false)
    guard case .signalled = run.result.end else {
      Issue.record("\(scenario) \(run.result.end)")
      return
    }
    #expect(run.processes.map(\.conflicts.count) == [1])
    #expect(run.processes.first?.header.end == nil)
    // Swift's own backtrace is there. It shows the crashing function, except behind the C library,
    // whose functions keep no frame pointers.
    #expect(run.result.errors.contains("Backtrace took"))
    #expect(run.result.errors.contains("collideAnd") || scenario == "abort")
  }

  @Test(arguments: [
    ("kill", End.signalled(SIGKILL)), ("leave", .exited(7)), ("exit", .exited(8)),
  ])
  func `what was found outlives every way to end`(_ scenario: String, _ end: End) throws {
    let run = try play(scenario)
    #expect(run.result.end == end)
    #expect(run.processes.map(\.conflicts.count) == [1])
    #expect((run.processes.first?.header.end != nil) == (scenario == "exit"))
  }
}
