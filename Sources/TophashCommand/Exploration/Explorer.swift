import Foundation
import TophashExploration
import TophashFindings
import TophashReports
import TophashSearch
import TophashSymbols

/// One `tophash explore`, from the program's name to the exit status.
struct Explorer {
  var command: [String]
  var search: Search
  var jobs: Int?
  var shrinks: Bool
  var scheduleFile: String?
  var reporter: ReporterChoice
  var output: String?
  var symbolizer: String?
  var randomizesAddresses: Bool
  var console: Console
  var environment = ProcessEnvironment.current

  /// How often a failing schedule is run again.
  static let replays = 10

  /// - Throws: what `tophash` has to say in place of a result.
  func run() throws(ToolError) -> Never {
    let destination = try ReportDestination(path: output)
    if let scheduleFile { try checkWritable(scheduleFile) }
    let program = try ControlledProgram(
      command: command, randomizesAddresses: randomizesAddresses, environment: environment,
      console: console)
    var exploration: Exploration
    do throws(ToolError) {
      exploration = try explore(program)
    } catch {
      program.directory.remove()
      throw error
    }
    program.directory.remove()
    // What was found is told even where its schedule cannot be kept.
    var unwritten: ToolError?
    do throws(ToolError) {
      if let schedule = exploration.failure?.schedule {
        exploration.failure?.file = try write(schedule)
      }
    } catch {
      unwritten = error
    }
    let again = exploration.failure?.file.map { "tophash replay \(ShellWords.joined([$0]))" }
    switch reporter {
    case .text: try destination.write(ExplorationText(exploration, again: again).text)
    case .json: try destination.write(ExplorationJSON(exploration).text)
    }
    let summary = ExplorationSummary(exploration, allowsOverlaps: search.allowsOverlaps)
    summary.lines.forEach(console.say)
    if let unwritten { throw unwritten }
    if let refusal = summary.refusal { throw refusal }
    leave(exploration)
  }

  /// Searches again and again, and prints only how many schedules that took.
  func run(searches: Int) throws(ToolError) {
    let program = try ControlledProgram(
      command: command, randomizesAddresses: randomizesAddresses, environment: environment,
      console: console)
    defer { program.directory.remove() }
    let all = try servers(program)
    let series = SearchSeries(search: search, count: searches)
    try program.explained { () throws(ForkServer.Trouble) in
      try series.run(on: all) { print($0) }
    }
  }

  private func leave(_ exploration: Exploration) -> Never {
    if exploration.failure != nil { exit(ExitStatus.findings.rawValue) }
    if exploration.result.progress.runs > 0 { exit(0) }
    // Nothing was explored, since the plain order did not end well.
    let plain = exploration.result.plain
    if plain.end == .program, let end = plain.process { Farewell.leave(as: end) }
    exit(ExitStatus.cannotRun.rawValue)
  }

  // MARK: Searching

  private func servers(_ program: ControlledProgram) throws(ToolError) -> [ForkServer] {
    let count = jobs ?? max(1, min(ProcessInfo.processInfo.activeProcessorCount, 16))
    var servers: [ForkServer] = []
    for number in 0..<count { servers.append(try program.server(number)) }
    return servers
  }

  private func explore(_ program: ControlledProgram) throws(ToolError) -> Exploration {
    var servers = try servers(program)
    var search = search
    let console = console
    search.progress = { progress in
      console.say(
        "\(progress.runs) schedules, \(progress.distinct) different, \(Int(progress.rate))/s")
    }
    let all = servers
    let result = try program.explained { () throws(ForkServer.Trouble) in try search.run(on: all) }
    var exploration = Exploration(command: command, seed: search.seed, result: result)
    if let found = result.found {
      servers.removeLast(servers.count - 1)
      exploration.failure = try confirm(found, program, servers[0], plain: result.plain)
    } else if let failure = Failure(result.plain, allowsOverlaps: search.allowsOverlaps),
      failure == .deadlock || failure == .overlap
    {
      // Found without any search, and worth a report all the same.
      let found = Search.Found(
        failure: failure, account: result.plain, scheduler: .sticky, number: 0)
      exploration.failure = try confirm(found, program, servers[0], plain: result.plain)
    }
    return exploration
  }

  /// Shrinks a failing schedule, and runs it again: here, and in a program that starts anew.
  private func confirm(
    _ found: Search.Found, _ program: ControlledProgram, _ server: ForkServer, plain: Account
  ) throws(ToolError) -> ReplayedFailure {
    var order = Order(plan: .plain)
    order.stepLimit = max(20_000, plain.steps * 50)
    order.delay = search.delay
    let allowsOverlaps = search.allowsOverlaps
    var kept: (choices: [Choice], isFewest: Bool) = (found.account.choices, false)
    if shrinks {
      let order = order
      kept = try program.explained { () throws(ForkServer.Trouble) in
        try shrink(found, server, order)
      }
    }
    // A program that starts anew, as it will for whoever gets the file.
    let fresh = try program.server(100)
    order.plan = .replay(kept.choices)
    order.isDetailed = true
    let detailed = order
    let account = try program.explained { () throws(ForkServer.Trouble) in
      try fresh.run(detailed)
    }
    order.isDetailed = false
    var same = 0
    for _ in 0..<Self.replays {
      let repeated = order
      let again = try program.explained { () throws(ForkServer.Trouble) in
        try server.run(repeated)
      }
      let isSame =
        again.hash == account.hash
        && Failure(again, allowsOverlaps: allowsOverlaps) == found.failure
        && Failure(account, allowsOverlaps: allowsOverlaps) == found.failure
      if isSame { same += 1 }
    }
    let interleaving = Interleaving(
      account, images: fresh.images, tool: tool, place: shortPlace)
    let schedule = Schedule(
      command: command, buildID: program.buildID, seed: search.seed,
      scheduler: found.scheduler.rawValue, failure: found.failure.words, hash: account.hash,
      steps: account.steps, choices: account.choices, notes: interleaving.statements)
    return ReplayedFailure(
      failure: found.failure, scheduler: found.scheduler, number: found.number,
      message: account.message ?? found.account.message,
      foundChoices: found.account.choices.count, schedule: schedule, replays: Self.replays,
      same: same, isFewest: kept.isFewest, isFullyControlled: account.isFullyControlled,
      interleaving: interleaving)
  }

  /// The fewest switches that were found to fail in the same way, and whether fewer cannot.
  private func shrink(
    _ found: Search.Found, _ server: ForkServer, _ order: Order
  ) throws(ForkServer.Trouble) -> (choices: [Choice], isFewest: Bool) {
    let allowsOverlaps = search.allowsOverlaps
    let reduction = Reduction { (choices) throws(ForkServer.Trouble) in
      var order = order
      order.plan = .replay(choices)
      order.keepsCrossroads = true
      let account = try server.run(order)
      let isSame = Failure(account, allowsOverlaps: allowsOverlaps) == found.failure
      return (account.choices, account.crossroads, isSame)
    }
    return try reduction.reduce(found.account.choices, endingIn: found.account.lastThread)
  }

  private var tool: String? {
    symbolizer ?? SymbolizerTool.find(in: environment)?.path
  }

  // MARK: The schedule file

  /// Makes sure, before anything is searched for, that the file can be written.
  ///
  /// Its folder is made where it is not there.
  private func checkWritable(_ path: String) throws(ToolError) {
    try written(to: path) { () throws(FileWriter.Failure) in
      Self.makeFolder(of: path)
      try FileWriter.check(path)
    }
  }

  private func write(_ schedule: Schedule) throws(ToolError) -> String {
    let path = scheduleFile ?? Self.defaultPath(schedule)
    try written(to: path) { () throws(FileWriter.Failure) in
      Self.makeFolder(of: path)
      try FileWriter.replace(path, with: ScheduleFile.text(schedule))
    }
    return path
  }

  private func written(
    to path: String, _ body: () throws(FileWriter.Failure) -> Void
  ) throws(ToolError) {
    do throws(FileWriter.Failure) {
      try body()
    } catch {
      throw .toolFailed(
        "the schedule cannot be written to '\(path)': \(error.reason)",
        "name another file with --save-schedule")
    }
  }

  /// What goes wrong here is told by whoever writes the file.
  private static func makeFolder(of path: String) {
    try? FileManager.default.createDirectory(
      atPath: path.parentDirectory, withIntermediateDirectories: true)
  }

  private static func defaultPath(_ schedule: Schedule) -> String {
    let name = schedule.command.first?.lastComponent ?? "program"
    let hash = String(schedule.hash, radix: 16)
    let short = String(repeating: "0", count: max(0, 16 - hash.count)) + hash
    return ".tophash/schedules/\(name)-\(short.prefix(8)).schedule"
  }
}
