import Testing
import TophashTestSupport

@testable import TophashFindings

/// Swift that comes late, other languages, and libraries that were there first.
@Suite struct LoadingTests {
  @Test(arguments: ["local", "global"], [Probe.Hook.auto, .interpose])
  func `a C program opens its first Swift library`(_ scope: String, _ hook: Probe.Hook) throws {
    let run = try expectSame(
      Command(path: Fixture.host.path, arguments: [Fixture.plugin.path, scope, "1"]),
      options: "hook=\(hook)")
    let process = try #require(run.processes.first)
    #expect(process.header.hooks.contains(.patched) == (hook == .auto))
    #expect(process.header.hooks.contains(.interposed))
    #expect(process.conflicts.count == 1)
    #expect(process.images.contains { $0.path.hasSuffix("/libplugin.so") })
  }

  @Test func `nothing is patched where another thread may run`() throws {
    let run = try expectSame(
      Command(path: Fixture.host.path, arguments: [Fixture.plugin.path, "local", "1", "threads"]))
    #expect(run.processes.map(\.header.hooks) == [EventHeader.Hooks([.interposed, .gate])])
    #expect(run.conflicts.count == 1)
  }

  @Test func `a thread that is older than the probe is not patched under`() throws {
    let command = try Command(path: Fixture.debug.path, arguments: ["collide"])
    let run = try ProbedRun(command, before: [Fixture.crew.path])
    #expect(run.result.end == .exited(0))
    #expect(run.processes.map(\.header.hooks) == [EventHeader.Hooks([.interposed, .gate])])
    #expect(run.conflicts.count == 1)
  }

  /// Those that are installed.
  static let otherPrograms = [
    ["sh", "-c", "echo one; echo two >&2; exit 3"],
    ["sh", "-c", "cat < /dev/null | sort | wc -l; kill -9 $$"],
    ["git", "--version"],
    ["python3", "-c", "import threading; threading.Thread(target=print, args=[1]).start()"],
  ].filter { Tool.path($0[0]) != nil }

  @Test(arguments: otherPrograms)
  func `a program without Swift is left alone`(_ words: [String]) throws {
    let path = try #require(Tool.path(words[0]))
    let run = try expectSame(Command(path: path, arguments: Array(words.dropFirst())))
    #expect(run.processes.isEmpty)
  }

  @Test func `without a session the probe is inert`() throws {
    let command = try Command(
      path: Fixture.debug.path, arguments: ["collide"],
      environment: ["LD_PRELOAD": Probe.library])
    let result = try command.run()
    #expect(result.end == .exited(0))
    #expect(result.output == "met\n")
    #expect(result.errors == "")
  }

  @Test(arguments: ["", ":::", "hook=", "budget=x:traps=", "seed=-1:budget=99999999999999999999"])
  func `options that make no sense are survived`(_ options: String) throws {
    let run = try expectSame(
      Command(path: Fixture.debug.path, arguments: ["collide"]), options: options)
    #expect(run.conflicts.count == 1)
  }
}
