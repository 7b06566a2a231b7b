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
  /// Those whose course was recorded.
  let sources: [Timeline.Source]
  private let mainProcess: Int32
  private let console: Console

  /// Called while the program runs, and why.
  typealias Pulse = (SessionDirectory, Supervisor.Occasion) -> Void

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - chosenSites: Accesses to record, as the probe reads them.
  ///   - interval: Milliseconds between two pulses.
  ///   - ownSignal: A signal that makes a pulse and is kept from the program.
  /// - Throws: why it could not be run.
  init(
    subject: Subject, probe: ProbeOptions, environment: [String: String], console: Console,
    chosenSites: String = "", looksForConflicts: Bool = false, interval: Int? = nil,
    ownSignal: Int32? = nil, pulse: @escaping Pulse = { _, _ in }
  ) throws(ToolError) {
    self.subject = subject
    self.console = console
    try Inspector(isForced: true, console: console).checkLoading(subject.path)
    let library = try ProbeLibrary(
      executable: Runner.executable, environment: environment, console: console
    ).locate()
    let inbox = SignalInbox()
    let directory = try SessionDirectory.create(under: environment["TMPDIR"] ?? "/tmp")
    defer { directory.remove() }
    if !chosenSites.isEmpty { directory.write(chosenSites, to: "chosen.sites") }
    let preload = ProbeEnvironment(
      library: try directory.preloadable(library), session: directory.path, options: probe)
    let child = try ChildProcess(
      path: subject.path, arguments: subject.arguments,
      environment: preload.merged(into: environment), signalMask: inbox.originalMask)
    var supervisor = Supervisor(
      child: child, inbox: inbox, directory: looksForConflicts ? directory : nil, console: console)
    if let interval { supervisor.interval = interval }
    supervisor.ownSignal = ownSignal
    supervisor.pulse = { pulse(directory, $0) }
    end = supervisor.superviseToEnd()
    mainProcess = child.pid
    session = directory.read()
    let now = Self.monotonicTime
    waits = Self.waits(directory, now: now)
    sources = Self.sources(directory, now: now)
  }

  /// Whether there is anything to tell: some process could be measured.
  var isMeasured: Bool { !waits.isEmpty }

  /// Ends `tophash` as the program ended.
  ///
  /// - Throws: why there was nothing to measure.
  func leave() throws(ToolError) -> Never {
    let outcome = Outcome(
      session: session, mainProcess: mainProcess, end: end, fails: false,
      nothingRan: .nothingRan("measured", subject))
    if let error = outcome.error {
      // A program that failed by itself keeps its status.
      if error.code != .cannotRun || end == .exited(0) { throw error }
      console.complain(error.line)
    } else if waits.isEmpty {
      throw .toolFailed(
        "no file for the waits could be made", "see whether there is room in TMPDIR")
    }
    Farewell.leave(as: end)
  }

  private static func waits(_ directory: SessionDirectory, now: UInt64) -> [WaitProfile.Process] {
    processes(directory).compactMap { file, events in
      guard let waits = try? WaitFile(bytes: companion(directory, file, "waits")) else {
        return nil
      }
      return WaitProfile.Process(events: events, waits: waits, end: events.header.end ?? now)
    }
  }

  /// What is known so far of the course of each process.
  static func sources(_ directory: SessionDirectory, now: UInt64) -> [Timeline.Source] {
    processes(directory).compactMap { file, events in
      guard let waits = try? WaitFile(bytes: companion(directory, file, "waits")),
        let timeline = try? TimelineFile(bytes: companion(directory, file, "timeline"))
      else { return nil }
      return Timeline.Source(
        events: events, waits: waits, timeline: timeline, end: events.header.end ?? now)
    }
  }

  /// The user's processes, oldest first.
  private static func processes(_ directory: SessionDirectory) -> [(String, EventFile)] {
    directory.files.compactMap { file in
      Session(files: [(file, directory.bytes(of: file))]).subjects.first.map { (file, $0) }
    }.sorted { $0.1.header.start < $1.1.header.start }
  }

  private static func companion(
    _ directory: SessionDirectory, _ file: String, _ type: String
  ) -> [UInt8] {
    directory.bytes(of: SessionDirectory.companion(file, type))
  }

  static var monotonicTime: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
