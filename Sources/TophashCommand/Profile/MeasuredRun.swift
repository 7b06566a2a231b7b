import Glibc
import TophashFindings
import TophashReports
import TophashTrace

/// A program that was run under a probe which measures and does not judge.
struct MeasuredRun {
  let subject: Subject
  let session: Session
  let end: ProcessEnd
  /// The user's processes in which waits were measured.
  let waits: [WaitProfile.Process]
  private let mainProcess: Int32

  /// Runs the program to its end.
  ///
  /// - Throws: why it could not be run.
  init(
    command: [String], probe: ProbeOptions, environment: [String: String], console: Console
  ) throws(ToolError) {
    subject = try Subject(command: command, environment: environment, console: console)
    let library = try ProbeLibrary(
      executable: Runner.executable, environment: environment, console: console
    ).locate()
    let inbox = SignalInbox()
    let directory = try SessionDirectory.create(under: environment["TMPDIR"] ?? "/tmp")
    defer { directory.remove() }
    let preload = ProbeEnvironment(
      library: try directory.preloadable(library), session: directory.path, options: probe)
    let child = try ChildProcess(
      path: subject.path, arguments: subject.arguments,
      environment: preload.merged(into: environment), signalMask: inbox.originalMask)
    var supervisor = Supervisor(
      child: child, inbox: inbox, console: console)
    end = supervisor.superviseToEnd()
    mainProcess = child.pid

    let now = Self.monotonicTime
    var parts: [Session] = []
    var waits: [WaitProfile.Process] = []
    for file in directory.files {
      let part = Session(files: [(file, directory.bytes(of: file))])
      parts.append(part)
      let bytes = directory.bytes(of: String(file.dropLast("tophash".count)) + "waits")
      if let events = part.subjects.first, let measured = try? WaitFile(bytes: bytes) {
        waits.append(
          WaitProfile.Process(events: events, waits: measured, end: events.header.end ?? now))
      }
    }
    session = Session(
      processes: parts.flatMap(\.processes), unreadable: parts.flatMap(\.unreadable))
    self.waits = waits
  }

  /// Ends `tophash` as the program ended.
  ///
  /// - Throws: why there was nothing to measure.
  func leave() throws(ToolError) -> Never {
    let outcome = Outcome(
      session: session, mainProcess: mainProcess, end: end, fails: false,
      nothingRan: .cannotRun(
        "nothing was measured: no program with a Swift runtime ran",
        "name a Swift program, or a script that starts one"))
    if let error = outcome.error {
      if error.code != .cannotRun || end == .exited(0) { throw error }
    } else if waits.isEmpty {
      throw .toolFailed(
        "no file for the waits could be made", "see whether there is room in TMPDIR")
    }
    Farewell.leave(as: end)
  }

  private static var monotonicTime: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
