import Glibc
import Testing
import TophashTestSupport

@testable import TophashFindings

/// A system that gives little.
@Suite struct LimitTests {
  static let warning =
    "tophash: warning: the events of this process cannot be kept; it runs unchecked\n"

  /// Runs the collision after `ulimit` with `limit`.
  private func limited(_ limit: String) throws -> Command {
    try Command(
      path: #require(Tool.path("sh")),
      arguments: ["-c", "ulimit \(limit) && exec \"$0\" collide", Fixture.debug.path])
  }

  /// Address space, descriptors, stack, core files, processor time.
  @Test(arguments: ["-v 100000", "-n 12", "-s 256", "-c 0", "-t 1000"])
  func `the probe fits into limits`(_ limit: String) throws {
    #expect(try expectSame(limited(limit)).conflicts.count == 1)
  }

  @Test func `a limit on the size of files is no reason to die`() throws {
    let run = try expectSame(limited("-f 1"), compareErrors: false)
    #expect(run.processes.isEmpty)
    #expect(run.result.errors == Self.warning)
  }

  @Test(arguments: ["/proc/1/nowhere", "/dev/null", "/sys"])
  func `without a place for its events the program runs unchecked`(_ session: String) throws {
    let command = try Command(path: Fixture.debug.path, arguments: ["collide"])
    let run = try ProbedRun(command, session: session)
    #expect(run.result.end == .exited(0))
    #expect(run.result.output == "met\n")
    #expect(run.result.errors == Self.warning)
  }

  @Test(.enabled(if: TinyDisk.isPossible, "mounting a small file system takes root"))
  func `a full disk is no reason to die`() throws {
    let disk = try TinyDisk()
    defer { disk.unmount() }
    let command = try Command(path: Fixture.debug.path, arguments: ["collide"])
    let run = try ProbedRun(command, session: disk.directory.path)
    #expect(run.result.end == .exited(0))
    #expect(run.result.output == "met\n")
    #expect(run.result.errors == Self.warning)
    #expect(disk.directory.files.isEmpty)
  }
}

/// A file system of 64 KB.
private struct TinyDisk {
  let directory: TemporaryDirectory

  /// Whether this process may mount one: it is tried.
  static let isPossible: Bool = {
    guard let disk = try? TinyDisk() else { return false }
    disk.unmount()
    return true
  }()

  init() throws {
    directory = try TemporaryDirectory()
    guard mount("tmpfs", directory.path, "tmpfs", 0, "size=64k") == 0 else {
      throw Command.Failure(reason: String(cString: strerror(errno)))
    }
  }

  func unmount() { umount2(directory.path, Int32(MNT_DETACH)) }
}
