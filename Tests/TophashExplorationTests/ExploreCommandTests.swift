import Foundation
import Testing
import TophashExploration
import TophashTestSupport

/// The built tool on real programs: what is found, what is said, what it exits with.
@Suite(.serialized) struct ExploreCommandTests {
  @Test(arguments: [
    (Explored.account, "crash: trapped"), (.deadlock, "deadlock: no thread can go on"),
    (.overlap, "race: two accesses"), (.tasks, "crash: trapped"),
    (.locked, "crash: trapped"),
  ])
  func `a racy program fails, its fixed twin does not`(
    _ program: Explored, _ failure: String
  ) throws {
    let schedule = "\(program).schedule"
    let racy = try program.explore(["--save-schedule", schedule])
    #expect(racy.end == .exited(66))
    #expect(racy.output.hasPrefix("failure (replayed, 10 of 10): \(failure)"))
    #expect(racy.output.contains("again: tophash replay \(schedule)\n"))

    let replay = try Explored.tophash(["replay", "--times", "20", schedule])
    #expect(replay.end == .exited(66))
    #expect(replay.output.contains("reproduced, 20 of 20: \(failure)"))

    let fixed = try program.explore(["--schedules", "100"], ["fixed"])
    #expect(fixed.end == .exited(0))
    #expect(fixed.output == "")
    #expect(fixed.errors.contains("tophash: no run failed; "))
  }

  @Test func `the report says which switches, and shows who did what`() throws {
    let result = try Explored.account.explore(["--seed", "3", "--save-schedule", "a.schedule"])
    #expect(result.output.contains("Fatal error: a deposit was lost"))
    #expect(result.output.contains(" goes first\n"))
    #expect(result.output.contains("reads Account.balance"))
    #expect(result.output.contains("Account.swift:11:10"))
    let file = try String(contentsOfFile: "\(Explored.directory)/a.schedule", encoding: .utf8)
    let schedule = try ScheduleFile.schedule(from: file)
    #expect(schedule.command == ["./Account"])
    #expect(schedule.choices.count <= 3)
    #expect(schedule.notes.isEmpty)
  }

  @Test func `one seed makes one search, however many programs run at a time`() throws {
    func found(_ jobs: String) throws -> String {
      _ = try Explored.account.path
      let result = try Explored.tophash([
        "explore", "--jobs", jobs, "--seed", "5", "--save-schedule", "s.schedule", "--",
        "./Account",
      ])
      #expect(result.end == .exited(66))
      return try String(contentsOfFile: "\(Explored.directory)/s.schedule", encoding: .utf8)
    }
    #expect(try found("1") == found("2"))
  }

  @Test func `a schedule file that is none is written to, and stays`() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/pipe"
    try #require(mkfifo(path, 0o600) == 0)
    let pipe = open(path, O_RDWR | O_NONBLOCK)
    defer { close(pipe) }
    let run = try Explored.overlap.explore(["--save-schedule", path])
    #expect(run.end == .exited(66))
    var status = stat()
    #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let size = read(pipe, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, size)), as: UTF8.self)
    #expect(text.hasPrefix("tophash-schedule 1\n"))
  }

  @Test func `a failure is told even where its schedule cannot be kept`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".tophash", "not a folder")
    var command = Command(
      path: Explored.products + "/tophash",
      arguments: ["explore", "--", try Explored.overlap.path], directory: directory.path)
    let run = try command.run()
    #expect(run.end == .exited(70))
    #expect(run.output.hasPrefix("failure (replayed, 10 of 10): race: "))
    #expect(run.errors.contains("tophash: error: the schedule cannot be written to '.tophash/"))
    command.arguments.insert(contentsOf: ["--save-schedule", "/proc/x"], at: 1)
    let early = try command.run()
    #expect(early.end == .exited(70))
    #expect(early.output == "")
    #expect(early.errors.contains("; name another file with --save-schedule\n"))
  }

  @Test func `what would become another program is not said to be explored`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("script", "#!/bin/sh\n./Account", mode: 0o755)
    try directory.write("text", "./Account", mode: 0o755)
    for script in ["script", "text"] {
      let run = try Explored.tophash(["explore", "--", "\(directory.path)/\(script)"])
      #expect(run.end == .exited(126))
      #expect(
        run.errors == """
          tophash: error: '\(directory.path)/\(script)' is a script, and only one program comes \
          under control; name the program that it starts

          """)
    }
    let run = try Explored.tophash(["explore", "--", "env", "true"])
    #expect(run.end == .exited(126))
    #expect(
      run.errors == """
        tophash: error: the program becomes another one (exec), which does not come under control: \
        nothing was explored; name that program

        """)
  }

  static let shapes = [
    "group", "actor", "main-actor", "async-let", "stream", "continuation", "sleep", "yield",
    "cancel", "threads", "inline-lock", "condition", "readers", "perform", "queues", "barrier",
    "after",
    "operations", "run-loop",
  ]

  @Test(arguments: shapes)
  func `a correct program of any shape ends well in every order, and each order repeats`(
    _ shape: String
  ) throws {
    let search = try Explored.shapes.explore(["--schedules", "20"], [shape])
    #expect(search.end == .exited(0), "\(search.output)\(search.errors)")
    #expect(search.errors.contains("tophash: no run failed; "))

    // Of one order there is one trace, wherever memory lies; the other one is the plain order's.
    let repeated = try Explored.shapes.explore(
      ["--repeat-one", "--random-addresses", "--schedules", "20"], [shape])
    #expect(repeated.end == .exited(0))
    #expect(
      repeated.errors.contains(", 2 different\n") || repeated.errors.contains(", 1 different\n"),
      "\(repeated.errors)")
  }

  @Test func `a program with few schedules is tried in all of them`() throws {
    let result = try Explored.deadlock.explore(["--scheduler", "bounded"], ["fixed"])
    #expect(result.end == .exited(0))
    #expect(result.errors.contains("no run failed; every schedule was tried"))
  }

  @Test func `a plain order that is too long is refused, however quiet, and may be given more`()
    throws
  {
    let short = try Explored.deadlock.explore(["--quiet", "--steps", "3"], ["fixed"])
    #expect(short.end == .exited(126))
    #expect(
      short.errors == """
        tophash: error: the program does not end within 3 steps of the plain order: nothing was \
        explored; let it do less, or try '--steps 30'

        """)
    let enough = try Explored.deadlock.explore(
      ["--quiet", "--schedules", "1", "--steps", "100000"], ["fixed"])
    #expect(enough.end == .exited(0), "\(enough.errors)")
    let wrong = try Explored.deadlock.explore(["--steps", "0"], ["fixed"])
    #expect(wrong.end == .exited(64))
    #expect(wrong.errors.contains("--steps takes a number from 1 to 80000000"))
  }

  @Test(arguments: ["concurrent", "read-mostly", "sharded", "locked"])
  func `no order of threads makes one of the maps lie`(_ map: String) throws {
    let result = try Explored.tophash([
      "explore", "--schedules", "50", "--", "\(Explored.products)/MapExplorer", map,
    ])
    #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
  }

  @Test func `a map that adds in two steps is found out, and the lie is told again`() throws {
    let result = try Explored.tophash([
      "explore", "--schedules", "100", "--save-schedule", "map.schedule", "--",
      "\(Explored.products)/MapExplorer", "broken",
    ])
    #expect(result.end == .exited(66))
    #expect(result.output.hasPrefix("failure (replayed, 10 of 10): crash: trapped"))
    #expect(result.output.contains("no order explains the answers"))
  }

  @Test(arguments: ["threads", "tasks", "items"])
  func `who sleeps is let in between the accesses of others`(_ kind: String) throws {
    let racy = try Explored.sleepers.explore(["--schedules", "100"], [kind])
    #expect(racy.end == .exited(66), "\(racy.errors)")
    #expect(racy.output.hasPrefix("failure (replayed, 10 of 10): "))

    let fixed = try Explored.sleepers.explore(["--schedules", "100"], [kind, "fixed"])
    #expect(fixed.end == .exited(0), "\(fixed.output)")
    #expect(fixed.errors.contains("tophash: no run failed; "))
  }

  @Test func `nobody is let in when that is not wished, and the report says when somebody was`()
    throws
  {
    let options = ["--schedules", "50", "--allow-overlaps"]
    let without = try Explored.sleepers.explore(options + ["--delay", "0"], ["threads"])
    #expect(without.end == .exited(0), "\(without.output)")
    let with = try Explored.sleepers.explore(options, ["threads"])
    #expect(with.end == .exited(66))
    #expect(with.output.contains(" wakes first\n"))
  }

  @Test(arguments: ["poll", "poll-tasks", "timeout", "timeout-tasks", "ticks"])
  func `who waits by sleeping, or within a limit, is no failure`(_ kind: String) throws {
    let result = try Explored.sleepers.explore(["--schedules", "100"], [kind])
    #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
    #expect(result.errors.contains("tophash: no run failed; "))
  }

  @Test func `the report as JSON`() throws {
    let result = try Explored.account.explore(["--reporter", "json", "--quiet"])
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    #expect(json?["verdict"] as? String == "failure")
    let failure = json?["failure"] as? [String: Any]
    #expect(failure?["kind"] as? String == "crash")
    #expect(failure?["same"] as? Int == 10)
    #expect(result.errors == "")
  }

  @Test func `a schedule of another program is not reproduced`() throws {
    _ = try Explored.account.explore(["--save-schedule", "b.schedule"])
    let path = "\(Explored.directory)/b.schedule"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("./Account", with: "./Account fixed").write(
      toFile: path, atomically: true, encoding: .utf8)
    let replay = try Explored.tophash(["replay", "b.schedule"])
    #expect(replay.end == .exited(0))
    #expect(replay.output.contains("not reproduced: it ended well"))
    #expect(replay.errors.contains("no proof that anything is fixed"))
  }

  @Test(arguments: [
    (["explore"], "no program was named; write 'tophash explore -- PROGRAM'", 64),
    (["explore", "--jobs", "0", "--", "/bin/true"], "--jobs takes a number from 1 to 64", 64),
    (
      ["explore", "--delay", "1000000001", "--", "/bin/true"],
      "--delay takes milliseconds, from 0 to 1000000000", 64
    ),
    (["explore", "--", "./nothing"], "no program './nothing'", 127),
    (["replay", "nothing"], "'nothing' cannot be read", 64),
    (["replay", "/etc/passwd"], "line 1: it does not begin with 'tophash-schedule 1'", 64),
  ])
  func `mistakes`(_ arguments: [String], _ message: String, _ status: Int32) throws {
    let result = try Explored.tophash(arguments)
    #expect(result.end == .exited(status))
    #expect(result.errors.hasPrefix("tophash: error: "))
    #expect(result.errors.contains(message))
    #expect(result.errors.split(separator: "\n").count == 1)
  }
}
