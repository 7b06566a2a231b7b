import Foundation
import TophashExploration
import TophashReports
import TophashSymbols

/// One `tophash replay`, from the file to the exit status.
struct Replayer {
  var file: String
  var times: Int
  var usesDebugger = false
  var traps: String?
  var symbolizer: String?
  var randomizesAddresses: Bool
  var console: Console
  var environment = ProcessEnvironment.current

  /// - Throws: what `tophash` has to say in place of a result.
  func run() throws(ToolError) -> Never {
    let schedule = try read()
    // A mistake is told before anything runs.
    let debugger = usesDebugger ? try Debugger.find(in: environment) : nil
    let program = try ControlledProgram(
      command: schedule.command, randomizesAddresses: randomizesAddresses,
      environment: environment, console: console)
    let replay: Replay
    var isLeftToUser = false
    do throws(ToolError) {
      replay = try self.replay(schedule, program)
      if let traps { try set(traps, replay, schedule) }
      if usesDebugger { isLeftToUser = try !debug(schedule, program, debugger, after: replay) }
    } catch {
      program.directory.remove()
      throw error
    }
    if !isLeftToUser { program.directory.remove() }
    report(replay, schedule)
    if replay.same == times { exit(ExitStatus.findings.rawValue) }
    exit(replay.failure == nil ? 0 : ExitStatus.otherFailure.rawValue)
  }

  private struct Replay {
    var account: Account
    var images: [LoadedImage]
    var interleaving: Interleaving
    var failure: Failure?
    /// Runs that were the same as the file says.
    var same: Int
    var isRebuilt: Bool
  }

  private func read() throws(ToolError) -> Schedule {
    guard let text = SmallFile.text(at: file) else {
      throw ToolError(
        what: "'\(file)' cannot be read", remedy: "name a file that 'tophash explore' wrote",
        code: .usage)
    }
    do throws(ScheduleFile.Mistake) {
      return try ScheduleFile.schedule(from: text)
    } catch {
      throw ToolError(
        what: "'\(file)', line \(error.line): \(error.what)",
        remedy: "name a file that 'tophash explore' wrote", code: .usage)
    }
  }

  private func replay(_ schedule: Schedule, _ program: ControlledProgram) throws(ToolError)
    -> Replay
  {
    let server = try program.server(0)
    var order = Order(plan: .replay(schedule.choices))
    order.stepLimit = max(20_000, schedule.steps * 50)
    // Whatever the search was allowed.
    order.delay = .max
    var same = 0
    for _ in 1..<max(times, 1) {
      let repeated = order
      let account = try program.explained { () throws(ForkServer.Trouble) in
        try server.run(repeated)
      }
      if isSame(account, schedule) { same += 1 }
    }
    order.isDetailed = true
    let detailed = order
    let account = try program.explained { () throws(ForkServer.Trouble) in
      try server.run(detailed)
    }
    if isSame(account, schedule) { same += 1 }
    let isRebuilt = !schedule.buildID.isEmpty && schedule.buildID != program.buildID
    let images = server.images
    return Replay(
      account: account, images: images,
      interleaving: Interleaving(
        account, images: images,
        tool: symbolizer ?? SymbolizerTool.find(in: environment)?.path, place: shortPlace),
      failure: failure(account, schedule), same: same, isRebuilt: isRebuilt)
  }

  /// What the schedule was kept for tells whether overlaps are failures.
  private func failure(_ account: Account, _ schedule: Schedule) -> Failure? {
    Failure(account, allowsOverlaps: schedule.failure != Failure.overlap.words)
  }

  private func isSame(_ account: Account, _ schedule: Schedule) -> Bool {
    account.hash == schedule.hash && failure(account, schedule)?.words == schedule.failure
  }

  /// Makes traps of what the replay has shown.
  private func set(
    _ traps: String, _ replay: Replay, _ schedule: Schedule
  ) throws(ToolError) {
    let count = try ScheduleTraps(path: traps).set(replay.account, images: replay.images)
    guard count > 0 else {
      console.say("no accesses met, and none are beside its switches: no traps were set")
      return
    }
    let run = ShellWords.joined(["tophash", "run", "--traps", traps, "--"] + schedule.command)
    console.say("\(count == 1 ? "1 place" : "\(count) places") set as traps: \(run)")
  }

  /// Runs the schedule once more under a debugger, and says whether it was the same there.
  ///
  /// - Returns: False when there is none, and it was said what to do; the files are needed then.
  private func debug(
    _ schedule: Schedule, _ program: ControlledProgram, _ debugger: Debugger?, after replay: Replay
  ) throws(ToolError) -> Bool {
    let run = try program.directRun(
      following: schedule.choices, stepLimit: max(20_000, schedule.steps * 50))
    guard let debugger else {
      Debugger.instructions(schedule.command, run.control).forEach(console.say)
      console.say("and remove '\(program.directory.path)' in the end")
      return false
    }
    if replay.same != times { console.say("not reproduced, so it may not be so here") }
    var command = schedule.command
    command[0] = program.subject.path
    try Debugger.run(debugger.command(command, run.control), environment: environment)
    let account = run.account
    if account.steps == 0 {
      console.say(
        "\(debugger.path) did not run the program; name another one in \(Debugger.variable)")
    } else {
      console.say(
        account.hash == schedule.hash
          ? "under the debugger it was the same, down to each of \(account.steps) steps"
          : "under the debugger it came to \(account.steps) of \(schedule.steps) steps")
    }
    return true
  }

  private func report(_ replay: Replay, _ schedule: Schedule) {
    write(replay.account.output, to: STDOUT_FILENO)
    let verdict: String
    if replay.same == times {
      verdict = "reproduced\(times > 1 ? ", \(times) of \(times)" : ""): \(schedule.failure)"
    } else {
      let happened = replay.failure?.words ?? "it ended well"
      verdict =
        "not reproduced\(times > 1 ? ", \(replay.same) of \(times)" : ""): \(happened)"
        + "; the file says \(schedule.failure)"
    }
    write(ReplayText(verdict: verdict, replay.interleaving).text, to: STDOUT_FILENO)
    if replay.isRebuilt {
      console.say("the program was built anew since: it may pass other points")
    }
    if replay.same != times {
      console.say("that is no proof that anything is fixed: search again with 'tophash explore'")
    }
  }
}
