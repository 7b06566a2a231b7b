import Glibc
import TophashFindings
import TophashReports
import TophashSymbols

/// One check, from the program's name to the exit status.
struct Runner {
  /// Which command asked for the check, where that makes a difference.
  enum Errand {
    case program
    /// A package's tests, which are built before.
    case tests(SwiftTestArguments)
  }

  var options: RunOptions
  var command: [String]
  var console: Console
  var errand = Errand.program
  var environment = ProcessEnvironment.current

  /// Runs the program and reports.
  ///
  /// Ends the process as the program ended when there is nothing to say; returns never.
  ///
  /// - Throws: what `tophash` has to say in place of the program's own status.
  func run() throws(ToolError) -> Never {
    let subject = try Subject(command: command, environment: environment, console: console)
    try Inspector(isForced: options.isForced, console: console).check(subject.path)
    let outputs = try ReportOutputs(options.plan, console: console)
    let policy = try FindingPolicy(
      suppressions: options.suppressions, baseline: options.baseline,
      baselineToWrite: options.baselineToWrite, console: console)
    let library = try ProbeLibrary(
      executable: Self.executable, environment: environment, console: console
    ).locate()
    var coverage: CoverageFile?
    if let path = options.coverage { coverage = try CoverageFile(path: path) }
    var traps = RunTraps(
      path: options.traps, isRepeated: options.runs > 1, console: console)
    let inbox = SignalInbox()
    if case .tests(let arguments) = errand {
      try TestBuild(arguments: arguments, environment: environment, console: console)
        .run(inbox: inbox)
    }

    let seed = options.seed ?? UInt64.random(in: 1...9999)
    var sessions: [Session] = []
    var run = try runOnce(subject, library, seed: seed, inbox, policy, &traps)
    sessions.append(run.session)
    while sessions.count < options.runs, !isOver(run) {
      run = try runOnce(
        subject, library, seed: seed + UInt64(sessions.count), inbox, policy, &traps)
      sessions.append(run.session)
    }

    let session = Session(
      processes: sessions.flatMap(\.processes), unreadable: sessions.flatMap(\.unreadable))
    let judge = judge(session)
    var report = Report(
      findings: judge.report, session: session, lockConflicts: judge.lockConflicts,
      possiblyOrdered: judge.possiblyOrdered, orderedByInference: judge.orderedByInference,
      command: errand.words ?? subject.words, seed: seed,
      options: options.repeated(beside: errand.defaults), end: run.end,
      isHalted: options.haltsOnFinding && run.end == .signalled(SIGKILL),
      subcommand: errand.subcommand)
    report.expectedConflicts = judge.expectedConflicts
    let baseline = policy.apply(to: &report)
    let outcome = Outcome(
      session: session, mainProcess: run.process, end: run.end,
      fails: report.fails(isStrict: options.isStrict), nothingRan: errand.nothingRan(subject))
    try outputs.write(
      report, color: options.color, isStrict: options.isStrict, environment: environment)
    try policy.save(baseline)
    try coverage?.write(session, symbolizer: symbolizer)
    (SummaryText(report).lines + TestSummary(report).lines).forEach(console.say)
    if let error = outcome.error { console.complain(error.line) }
    switch outcome.status {
    case .programs: Farewell.leave(as: run.end)
    case .own(let status): exit(status.rawValue)
    }
  }

  /// One time that the program ran.
  private struct OneRun {
    var session: Session
    var process: Int32
    var end: ProcessEnd
  }

  /// Whether a further run would go against somebody's wish.
  private func isOver(_ run: OneRun) -> Bool {
    if case .signalled = run.end { return true }
    return options.haltsOnFinding
      && run.session.subjects.contains { process in
        process.conflicts.contains { $0.grade == .caught }
      }
  }

  private func runOnce(
    _ subject: Subject, _ library: String, seed: UInt64, _ inbox: SignalInbox,
    _ policy: FindingPolicy, _ traps: inout RunTraps
  ) throws(ToolError) -> OneRun {
    let directory = try SessionDirectory.create(under: environment["TMPDIR"] ?? "/tmp")
    do throws(ToolError) {
      if options.setsTraps { traps.hand(to: directory, program: subject.path) }
      let preload = ProbeEnvironment(
        library: try directory.preloadable(library), session: directory.path,
        options: ProbeOptions(
          options, followsTests: errand.subcommand == .test, seed: seed))
      let child = try ChildProcess(
        path: subject.path, arguments: subject.arguments,
        environment: preload.merged(into: environment), signalMask: inbox.originalMask)
      var supervisor = Supervisor(
        child: child, inbox: inbox, directory: directory, console: console,
        haltsOnFinding: options.haltsOnFinding)
      supervisor.open = policy.open
      let end = supervisor.superviseToEnd()
      let run = OneRun(session: directory.read(), process: child.pid, end: end)
      directory.remove()
      if options.setsTraps { traps.learn(from: run.session) }
      return run
    } catch {
      directory.remove()
      throw error
    }
  }

  private var symbolizer: String? {
    options.symbolizer ?? SymbolizerTool.find(in: environment)?.path
  }

  private func judge(_ session: Session) -> Judge {
    let tool = symbolizer
    let cache = ElfImageCache()
    var judge = Judge()
    for process in session.subjects where !process.conflicts.isEmpty {
      judge.add(
        process,
        interpreter: SymbolInterpreter(images: process.images, tool: tool, cache: cache))
    }
    return judge
  }

  /// The running `tophash` itself.
  static var executable: String {
    SmallFile.resolved("/proc/self/exe") ?? CommandLine.arguments[0]
  }
}

extension Runner.Errand {
  var subcommand: TophashReports.Run.Subcommand {
    switch self {
    case .program: .run
    case .tests: .test
    }
  }

  /// The options when nothing is said of them.
  var defaults: RunOptions {
    switch self {
    case .program: RunOptions()
    case .tests: .tests
    }
  }

  /// What to say when no process was checked.
  func nothingRan(_ subject: Subject) -> ToolError {
    switch self {
    case .program: .nothingRan("checked", subject)
    case .tests:
      .cannotRun(
        "nothing was checked: no test process ran", "see above what 'swift test' says to that")
    }
  }

  /// What the user would have typed without `tophash`, where that is not what is run.
  var words: [String]? {
    switch self {
    case .program: nil
    case .tests(let arguments): ["swift", "test"] + arguments.words
    }
  }
}
