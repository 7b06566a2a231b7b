import Testing
import TophashTestSupport

/// Without frame pointers the callers of a past access are not on its stack, and one of those that
/// the code has may have held a `Mutex`.
@Suite struct FramePointerTests {
  private static let program = """
    import Foundation
    import Synchronization

    final class Ledger: @unchecked Sendable {
      var entries: [Int: Int] = [:]
      let turn = Mutex(0)
      static let shared = Ledger()
    }

    // Nothing here tells that the caller holds a lock, and it keeps no frame of its own.
    @inline(never) func write(_ ledger: Ledger, _ key: Int) { ledger.entries[key, default: 0] += 1 }

    @inline(never) func guarded(_ key: Int) {
      Ledger.shared.turn.withLock { turn in
        write(Ledger.shared, key)
        turn += 1
      }
    }

    // Nobody who holds a lock calls this one.
    @inline(never) func scribble(_ ledger: Ledger, _ key: Int) { ledger.entries[key, default: 1] += 2 }

    @inline(never) func unguarded(_ key: Int) {
      scribble(Ledger.shared, key)
      print("wrote", key)
    }

    let isRacy = CommandLine.arguments.contains("racy")
    for round in 0..<4 {
      (isRacy ? Thread { unguarded(round) } : Thread { guarded(round) }).start()
      Thread.sleep(forTimeInterval: 0.05)
    }
    Thread.sleep(forTimeInterval: 0.1)
    """

  @Test(arguments: [true, false])
  func `a caller that is not known may have held a lock`(keepsFramePointers: Bool) throws {
    let directory = try TemporaryDirectory()
    let source = try directory.write("main.swift", Self.program)
    let path = "\(directory.path)/ledger"
    let options = keepsFramePointers ? ["-Xcc", "-fno-omit-frame-pointer"] : []
    try Tool.run(["swiftc", "-g", "-O", "-swift-version", "5", source, "-o", path] + options)
    func run(_ form: String) throws -> Command.Result {
      try BuiltTool.run([
        "run", "--strict", "--detect", "unordered", "--no-traps", "--", path, form,
      ])
    }

    let guarded = try run("guarded")
    #expect(guarded.end == .exited(0), "\(guarded.errors)")
    #expect(guarded.errors.contains("left out"), "\(guarded.errors)")
    let racy = try run("racy")
    #expect(racy.end == .exited(66), "\(racy.errors)")
  }
}
