import CTophashProtocol
import Foundation
import TophashFindings
import TophashInspection
import TophashReports
import TophashSymbols

/// One `tophash watch`, from the variables' names to the exit status.
struct WatchRunner {
  var command: Tophash.Watch
  var console: Console
  var environment = ProcessEnvironment.current

  /// Ends the process as the program ended, or with what was caught; returns never.
  ///
  /// - Throws: what `tophash` has to say in place of the program's own status.
  func run() throws(ToolError) -> Never {
    let subject = try Subject(
      command: command.program, environment: environment, console: console)
    try Inspector(isForced: true, console: console).check(subject.path)
    let targets = try self.targets(subject)
    let isSoftware = try chooseSoftware(targets)
    let destination = try ReportDestination(path: command.output)
    let library = try ProbeLibrary(
      executable: Runner.executable, environment: environment, console: console
    ).locate()
    announce(targets, isSoftware: isSoftware)

    let directory = try SessionDirectory.create(under: environment["TMPDIR"] ?? "/tmp")
    let end: ProcessEnd
    let processes: [(file: WatchFile, events: EventFile)]
    do throws(ToolError) {
      directory.write(lines(targets, isSoftware: isSoftware), to: "watch")
      var options = ProbeOptions()
      options.watches = true
      let preload = ProbeEnvironment(
        library: try directory.preloadable(library), session: directory.path, options: options)
      let inbox = SignalInbox()
      let child = try ChildProcess(
        path: subject.path, arguments: subject.arguments,
        environment: preload.merged(into: environment), signalMask: inbox.originalMask)
      var supervisor = Supervisor(
        child: child, inbox: inbox, directory: directory, console: console, haltsOnFinding: false)
      end = supervisor.superviseToEnd()
      processes = try read(directory)
      directory.remove()
    } catch {
      directory.remove()
      throw error
    }
    try checkWatched(processes, targets)
    let findings = try report(processes, targets, subject, isSoftware, end, destination)
    if findings > 0 { exit(ExitStatus.findings.rawValue) }
    Farewell.leave(as: end)
  }

  // MARK: - Before

  private func targets(_ subject: Subject) throws(ToolError) -> [WatchTarget] {
    let lookup = try VariableLookup(path: command.image ?? subject.path)
    var targets: [WatchTarget] = []
    for word in command.variables {
      targets.append(
        FingerprintLookup.isFingerprint(word)
          ? try lookup.find(FingerprintLookup.finding(word, in: command.report))
          : try lookup.find(word))
    }
    return targets
  }

  /// Whether the runtime's checks have to do.
  private func chooseSoftware(_ targets: [WatchTarget]) throws(ToolError) -> Bool {
    if command.method == .software {
      guard !command.confirm else {
        throw ToolError(
          what: "'--confirm' needs hardware watchpoints",
          remedy: "leave out '--method software', or use 'tophash run', which holds by itself",
          code: .usage)
      }
      try checkVisible(targets)
      return true
    }
    guard let refusal = Watchpoints.refusal else { return false }
    let (cause, remedy) = Watchpoints.words(refusal)
    if command.method == .hardware || command.confirm { throw .cannotRun(cause, remedy) }
    do throws(ToolError) {
      try checkVisible(targets)
    } catch {
      throw .cannotRun("\(cause); and \(error.what)", remedy)
    }
    console.say("\(cause): watching through the runtime's checks, which see less")
    return true
  }

  /// A variable of which the runtime is never told would seem never to be used.
  private func checkVisible(_ targets: [WatchTarget]) throws(ToolError) {
    // Dictionaries tell of their entries by themselves.
    let named = targets.filter { $0.key == nil && !$0.isFoundByAccess }
    for (path, targets) in Dictionary(grouping: named, by: \.image) {
      guard let image = try? ElfImage(path: path),
        let inspection = try? Inspection(image, symbolizer: nil)
      else { continue }
      for target in targets {
        let seen = inspection.variables.first {
          $0.variable.name == target.variable.name && $0.variable.module == target.variable.module
        }
        let isSeen = seen.map { [.tracked, .instantaneous, .unclear].contains($0.visibility) }
        guard isSeen ?? true else {
          throw .cannotRun(
            "the runtime is not told of '\(target.variable.name)' in this build",
            "use --method hardware, or a debug build")
        }
      }
    }
  }

  private func announce(_ targets: [WatchTarget], isSoftware: Bool) {
    let names = targets.map(\.variable.shown).joined(separator: ", ")
    let uses = command.reads ? "uses" : isSoftware ? "changes" : "writes"
    console.say(
      "watching \(uses) of \(names) \(isSoftware ? "through the runtime's checks" : "by hardware")")
  }

  private func lines(_ targets: [WatchTarget], isSoftware: Bool) -> String {
    var lines = [
      "method \(isSoftware ? "software" : "hardware")",
      "reads \(command.reads || command.confirm ? 1 : 0)",
    ]
    if let limit = command.limit { lines.append("limit \(limit)") }
    if let rate = command.rate { lines.append("rate \(rate)") }
    if let object = command.object { lines.append("object \(object)") }
    if let thread = command.thread { lines.append("thread \(thread.prefix(15))") }
    if command.confirm { lines.append("hold \(Self.holdNanoseconds)") }
    lines += targets.enumerated().flatMap { $1.lines(number: $0) }
    return lines.map { $0 + "\n" }.joined()
  }

  /// As long as the probe's traps hold at most.
  private static let holdNanoseconds = 10_000_000

  // MARK: - After

  private func read(
    _ directory: SessionDirectory
  ) throws(ToolError) -> [(file: WatchFile, events: EventFile)] {
    var processes: [(file: WatchFile, events: EventFile)] = []
    for name in directory.files {
      let hits = name.dropLast(".tophash".count) + ".hits"
      do throws(EventFileError) {
        let events = try EventFile(bytes: directory.bytes(of: name))
        // A process without the variable has no such file.
        processes.append((try WatchFile(bytes: directory.bytes(of: String(hits))), events))
      } catch {
        guard case .otherVersion = error else { continue }
        throw .toolFailed(
          "the probe library does not belong to this tophash: \(error)",
          "install both from one build")
      }
    }
    return processes.sorted { $0.events.header.start < $1.events.header.start }
  }

  private func checkWatched(
    _ processes: [(file: WatchFile, events: EventFile)], _ targets: [WatchTarget]
  ) throws(ToolError) {
    guard !processes.isEmpty else {
      let image = targets[0].image
      throw .cannotRun(
        "nothing was watched: no process with a Swift runtime ran '\(image)'",
        "name the program that holds the variable with --image")
    }
    for process in processes {
      switch process.file.state {
      case .armed:
        for index in targets.indices where process.file.noKeys.contains(index) {
          throw .cannotRun(
            "'\(targets[index].key?.text ?? "")' says no key of the dictionary in '\(targets[index].variable.name)'",
            "keys can be told if their type is LosslessStringConvertible, or RawRepresentable by one that is"
          )
        }
      case .forbidden(let error):
        let (cause, remedy) = Watchpoints.words(error)
        throw .cannotRun("process \(process.events.header.pid) was not watched: \(cause)", remedy)
      case .noObjects, .unknown:
        throw .cannotRun(
          "the objects of process \(process.events.header.pid) could not be followed: its runtime is another",
          "watch a global, or an address")
      }
    }
  }

  /// Writes what happened; returns how many findings there were.
  private func report(
    _ processes: [(file: WatchFile, events: EventFile)], _ targets: [WatchTarget],
    _ subject: Subject, _ isSoftware: Bool, _ end: ProcessEnd, _ destination: ReportDestination
  ) throws(ToolError) -> Int {
    let tool = command.symbols.path(in: environment)
    let cache = ElfImageCache()
    var watched = WatchJudge(variables: targets.map(\.watchedVariable))
    var judge = Judge()
    let operations = WatchOperations(cache: cache)
    for (file, events) in processes {
      let interpreter = SymbolInterpreter(images: events.images, tool: tool, cache: cache)
      watched.add(file, of: events.header, interpreter: interpreter) { address in
        operations.operation(before: address, images: events.images)
      }
      if command.confirm {
        judge.add(operations.corrected(events), interpreter: interpreter)
      }
    }
    func sum(_ value: KeyPath<WatchFile, UInt64>) -> UInt64 {
      processes.reduce(0) { $0 &+ $1.file[keyPath: value] }
    }
    let recorded = UInt64(watched.variables.reduce(0) { $0 + $1.hits.count })
    let watch = WatchReport(
      variables: watched.variables, isSoftware: isSoftware, passed: sum(\.passed),
      late: sum(\.late), lost: sum(\.hitCount) > recorded ? sum(\.hitCount) - recorded : 0,
      pauses: sum(\.pauses), isOver: processes.contains { $0.file.isOver }, command: subject.words)
    let paths = Paths(directory: FileManager.default.currentDirectoryPath)
    var text =
      switch command.reporter {
      case .text: WatchText(paths: paths, last: command.last).text(for: watch)
      case .json: WatchJSON(paths: paths).text(for: watch)
      }
    let findings = judge.report.withoutRepetition
    if !findings.isEmpty, command.reporter == .text {
      let report = Report(
        findings: findings, session: Session(processes: processes.map(\.events)),
        lockConflicts: judge.lockConflicts, command: subject.words, seed: 0,
        options: ["--confirm"] + (command.report.map { ["--report", $0] } ?? [])
          + command.variables,
        end: end, subcommand: .watch)
      text = TextReporter(paths: paths).text(for: report) + "\n" + text
    }
    try destination.write(text)
    WatchSummary(report: watch, files: processes.map(\.file), findings: findings.count)
      .lines.forEach(console.say)
    return findings.count
  }
}

extension [Finding] {
  /// `value += 1` reads and writes: of two findings for one pair of places, that of two writers.
  fileprivate var withoutRepetition: [Finding] {
    filter { finding in
      finding.sides.allSatisfy { $0.operation == .modify }
        || !contains { other in
          other.fingerprint == finding.fingerprint
            && other.sides.allSatisfy { $0.operation == .modify }
        }
    }
  }
}
