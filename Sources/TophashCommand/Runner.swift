import Glibc
import TophashFindings
import TophashReports
import TophashSymbols

/// One `tophash run`, from the program's name to the exit status.
struct Runner {
  var options: RunOptions
  var command: [String]
  var console: Console
  var environment = ProcessEnvironment.current

  /// Runs the program and reports.
  ///
  /// Ends the process as the program ended when there is nothing to say; returns never.
  ///
  /// - Throws: what `tophash` has to say in place of the program's own status.
  func run() throws(ToolError) -> Never {
    let subject = try Subject(command: command, environment: environment, console: console)
    try Inspector(isForced: options.isForced).check(subject.path)
    let destination = try ReportDestination(path: options.output)
    let library = try ProbeLibrary(
      executable: Self.executable, environment: environment, console: console
    ).locate()
    let directory = try SessionDirectory.create(under: environment["TMPDIR"] ?? "/tmp")

    let seed = options.seed ?? UInt64.random(in: 1...9999)
    let preload = ProbeEnvironment(
      library: try directory.preloadable(library), session: directory.path,
      options: ProbeOptions(options, seed: seed))
    let end: ProcessEnd
    let status: Outcome.Status
    do throws(ToolError) {
      let inbox = SignalInbox()
      let child = try ChildProcess(
        path: subject.path, arguments: subject.arguments,
        environment: preload.merged(into: environment), signalMask: inbox.originalMask)
      var supervisor = Supervisor(
        child: child, inbox: inbox, directory: directory, console: console,
        haltsOnFinding: options.haltsOnFinding)
      end = supervisor.superviseToEnd()

      let session = directory.read()
      let outcome = Outcome(
        session: session, mainProcess: child.pid, end: end, judge: judge(session),
        isStrict: options.isStrict)
      let report = Report(
        findings: outcome.judge.report, session: session,
        lockConflicts: outcome.judge.lockConflicts,
        possiblyOrdered: outcome.judge.possiblyOrdered, command: subject.words, seed: seed,
        options: options.repeated, end: end)
      try report.write(to: destination, options: options, environment: environment)
      SummaryText(report).lines.forEach(console.say)
      if let error = outcome.error { console.complain(error.line) }
      status = outcome.status
    } catch {
      directory.remove()
      throw error
    }
    directory.remove()
    switch status {
    case .programs: Farewell.leave(as: end)
    case .own(let status): exit(status.rawValue)
    }
  }

  private func judge(_ session: Session) -> Judge {
    let tool = options.symbolizer ?? SymbolizerTool.find(in: environment)?.path
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
