import Testing
import TophashSymbols
import TophashTestSupport

@testable import TophashFindings

/// Buffers that two owners are about to modify in place, where no access call tells of it.
@Suite struct StorageTests {
  @Test(arguments: [Fixture.debug, .release, .staticRuntime, .unchecked])
  func `two in the gate are caught`(_ build: Fixture) throws {
    let run = try play("share-storage", build)
    let process = try #require(run.processes.first)
    #expect(process.header.hooks.contains(.gate))
    let conflict = try #require(run.conflicts.first)
    #expect(run.conflicts.count == 1)
    #expect(conflict.subject == .storage)
    #expect(conflict.open.owner != conflict.begun.owner)
    #expect(conflict.open.flags.isSuperset(of: [.modify, .held, .stable]))
    #expect(conflict.begun.flags.contains(.modify))
    let namer = VariableNamer(images: process.images)
    #expect(
      namer.storage(at: conflict.address, snapshot: conflict.snapshot)
        == Variable(
          kind: .storage, module: nil, name: "storage", type: "[Int]",
          qualifiedType: "Swift.Array<Swift.Int>"))
  }

  @Test(
    arguments: ["storage-under-lock", "hand-storage-over"],
    [Fixture.debug, .release, .staticRuntime])
  func `storage with one owner at a time is left alone`(_ scenario: String, _ build: Fixture) throws
  {
    let run = try play(scenario, build)
    let process = try #require(run.processes.first)
    #expect(process.header.hooks.contains(.gate))
    #expect(process.header.work.holds > 0)
    #expect(run.conflicts.isEmpty)
  }

  @Test func `interposition sees what a release build asks itself`() throws {
    let run = try play("share-storage", .release, hook: .interpose)
    #expect(run.processes.map(\.header.hooks) == [EventHeader.Hooks([.interposed, .gate])])
    #expect(run.conflicts.map(\.subject) == [.storage])
  }

  @Test(arguments: ["traps=0", "gate=0"])
  func `nobody asks where nobody is held`(_ options: String) throws {
    let run = try ProbedRun(
      Command(path: Fixture.release.path, arguments: ["share-storage"]), options: options)
    #expect(run.processes.map(\.header.hooks) == [EventHeader.Hooks([.interposed, .patched])])
    #expect(run.conflicts.isEmpty)
  }
}
