import Foundation
import Synchronization
import Testing
import TophashExploration
import TophashSearch
import TophashTestSupport

/// What else a schedule file is good for: a debugger, and runs that nobody controls.
@Suite(.serialized) struct ScheduleUseTests {
  /// A schedule that fails, searched once for all tests.
  private func schedule(_ program: Explored) throws -> String {
    let file = "\(program)-use.schedule"
    try Self.found.withLock { found in
      guard found.insert(program).inserted else { return }
      let run = try program.explore(["--quiet", "--save-schedule", file])
      #expect(run.end == .exited(66))
    }
    return file
  }

  private static let found = Mutex<Set<Explored>>([])

  /// Runs the debugger with these orders, after it has stopped in `main`.
  private func debug(_ file: String, _ debugger: String, _ orders: [String]) throws
    -> Command.Result
  {
    var command = Command(
      path: Explored.products + "/tophash", arguments: ["replay", "--debugger", file],
      environment: ["TOPHASH_DEBUGGER": debugger], directory: Explored.directory)
    command.input = orders.map { $0 + "\n" }.joined()
    return try command.run()
  }

  static let hasGDB = Tool.path("gdb") != nil
  /// One whose scripts run: a command of standard input is to wait for the one before.
  static let hasLLDB =
    Tool.path("lldb").map {
      (try? Command(path: $0, arguments: ["-b", "-o", "script print(6 * 7)"]).run())?
        .output.contains("\n42\n") ?? false
    } ?? false

  // A debugger reads all of Swift's libraries first, which takes seconds: so it is started twice.

  @Test(.enabled(if: hasGDB))
  func `gdb holds the program where it crashes, in the same order`() throws {
    let run = try debug(schedule(.locked), "gdb", ["continue", "backtrace 3", "kill", "quit"])
    #expect(run.end == .exited(66))
    #expect(run.output.contains("received signal SIGILL"))
    #expect(run.output.contains("in main ()"))
    #expect(run.errors.contains("tophash: under the debugger it was the same, down to each of "))
  }

  @Test(.enabled(if: hasGDB)) func `gdb holds it where no thread can go on`() throws {
    let run = try debug(schedule(.deadlock), "gdb", ["continue", "kill", "quit"])
    #expect(run.output.contains("TOPHASH_END_DEADLOCK"))
    #expect(run.errors.contains("tophash: under the debugger it was the same, down to each of "))
  }

  @Test(.enabled(if: hasLLDB))
  func `lldb holds the program where it crashes, in the same order`() throws {
    let orders = ["continue", "thread backtrace", "kill", "quit"]
    let run = try debug(schedule(.locked), "lldb", [Self.oneAfterTheOther] + orders)
    #expect(run.end == .exited(66))
    #expect(run.output.contains("stop reason = Fatal error: oversold"))
    #expect(run.errors.contains("tophash: under the debugger it was the same, down to each of "))
  }

  @Test(.enabled(if: hasLLDB)) func `lldb holds it where no thread can go on`() throws {
    let run = try debug(
      schedule(.deadlock), "lldb", [Self.oneAfterTheOther, "continue", "kill", "quit"])
    #expect(run.output.contains("TOPHASH_END_DEADLOCK"))
    #expect(run.errors.contains("tophash: under the debugger it was the same, down to each of "))
  }

  private static let oneAfterTheOther = "script lldb.debugger.SetAsync(False)"

  @Test func `without a debugger it is said how to use one's own`() throws {
    let file = try schedule(.locked)
    let run = try Explored.tophash(
      ["replay", "--debugger", file], environment: ["PATH": Explored.directory])
    #expect(run.end == .exited(66))
    #expect(run.errors.contains("tophash: there is no gdb or lldb along PATH; with another"))
    #expect(run.errors.contains("  env LD_PRELOAD="))
    // What it says can be done.
    let directory = try #require(run.errors.firstMatch(of: #/and remove '(.*)' in the end/#)?.1)
    let control = ["LD_PRELOAD", "TOPHASH_EXPLORE", "SWIFT_BACKTRACE"].compactMap { name in
      run.errors.firstMatch(of: try! Regex("\(name)=([^ ]*)", as: (Substring, Substring).self))
        .map { (name, String($0.1)) }
    }
    let again = try Command(
      path: Explored.locked.path, environment: Dictionary(uniqueKeysWithValues: control)
    ).run()
    #expect(again.errors.contains("oversold"))
    try FileManager.default.removeItem(atPath: String(directory))
  }

  @Test func `what is no debugger is not started`() throws {
    let run = try debug(schedule(.deadlock), "nonsense", [])
    #expect(run.end == .exited(64))
    #expect(run.errors.contains("TOPHASH_DEBUGGER names 'nonsense', which is neither gdb nor lldb"))
  }

  // MARK: Traps

  /// How many of the runs, which nobody controls, catch the race.
  private func caught(_ runs: Int, _ options: [String], _ arguments: [String] = []) throws -> Int {
    try (0..<runs).count { _ in
      let run = try Explored.tophash(
        ["run", "--quiet"] + options + ["--", "./OneShot"] + arguments)
      return run.end == .exited(66)
    }
  }

  @Test func `places of a schedule are traps for runs that nobody controls`() throws {
    let file = try schedule(.oneShot)
    let replay = try Explored.tophash(["replay", "--traps", "one.json", file])
    #expect(replay.end == .exited(66))
    #expect(
      replay.errors.contains(
        "tophash: 1 place set as traps: tophash run --traps one.json -- ./OneShot\n"))
    #expect(text(of: Explored.directory + "/one.json").contains("\"holdMicroseconds\":10000"))

    // A busy machine may let the two meet by itself: then the traps must not be in the way.
    let without = try caught(3, ["--no-traps"])
    let with = try caught(3, ["--traps", "one.json"])
    #expect(with > 0 && with >= without, "\(with) of 3 with the traps, \(without) without")
    #expect(try caught(1, ["--traps", "one.json"], ["fixed"]) == 0)
  }

  @Test func `a schedule without accesses sets no traps`() throws {
    let file = try schedule(.deadlock)
    let replay = try Explored.tophash(["replay", "--traps", "dead.json", file])
    #expect(replay.errors.contains("no accesses met, and none are beside its switches"))
    #expect(!FileManager.default.fileExists(atPath: Explored.directory + "/dead.json"))
  }

  /// Thread 1 is about to modify object 5 at its third step, when thread 2 goes first.
  @Test func `places are those that met, else those of the variable beside a switch`() {
    func event(_ thread: Int, _ step: Int, _ point: Point, _ object: Int, _ site: UInt64)
      -> Account.Event
    {
      var event = Account.Event()
      (event.thread, event.ownStep, event.point) = (thread, step, point)
      (event.object, event.stack) = (object, [site, 1])
      return event
    }
    var account = Account()
    account.choices = [Choice(thread: 1, step: 3, next: 2)]
    account.events = [
      event(1, 2, .lock, 4, 10), event(2, 1, .read, 5, 20), event(2, 2, .modify, 6, 30),
      event(1, 3, .modify, 5, 40), event(1, 4, .read, 5, 50),
    ]
    #expect(account.sitesToHold == [40, 20])
    // Two that read have nothing to do with each other.
    account.events[3] = event(1, 3, .read, 5, 40)
    #expect(account.sitesToHold == [])
  }
}
