import Glibc
import TophashFindings
import TophashReports

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
    let inbox = SignalInbox()
    let end: ProcessEnd
    do throws(ToolError) {
      let child = try ChildProcess(
        path: subject.path, arguments: subject.arguments,
        environment: preload.merged(into: environment), signalMask: inbox.originalMask)
      var supervisor = Supervisor(
        child: child, inbox: inbox, directory: directory, console: console,
        haltsOnFinding: options.haltsOnFinding)
      end = supervisor.superviseToEnd()
      defer { directory.remove() }

      let outcome = Outcome(
        session: directory.read(), mainProcess: child.pid, end: end, options: options)
      let report = outcome.report(command: subject.words, seed: seed)
      try report.write(to: destination, options: options, environment: environment)
      for line in SummaryText(report).lines { console.say(line) }
      if let status = outcome.status {
        if let error = status.error { console.complain(error.line) }
        exit(status.code.rawValue)
      }
    } catch {
      directory.remove()
      throw error
    }
    Farewell.leave(as: end)
  }

  /// The running `tophash` itself.
  static var executable: String {
    SmallFile.resolved("/proc/self/exe") ?? CommandLine.arguments[0]
  }
}
