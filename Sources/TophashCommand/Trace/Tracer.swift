import Foundation
import TophashFindings
import TophashReports
import TophashSymbols
import TophashTrace

/// One `tophash trace`, from the program's name to the exit status.
struct Tracer {
  var command: [String]
  var output: String?
  var variables: [String]
  var schedule: Int?
  var looksForRaces: Bool
  var takesSnapshots: Bool
  var symbols: SymbolizerOption
  var console: Console
  var environment = ProcessEnvironment.current

  /// - Throws: what `tophash` has to say in place of the program's own status.
  func run() throws(ToolError) -> Never {
    let file = try output.map { path throws(ToolError) in
      try OutputFile(path: path, option: "--output")
    }
    let subject = try Subject(command: command, environment: environment, console: console)
    let chosen = try ChosenVariables(
      variables, in: subject.path, tool: tool, environment: environment)
    let watcher = ScheduleWatcher(interval: schedule, console: Console(isQuiet: false))
    let memory = MemoryWatcher()
    var snapshots = 0
    let run = try MeasuredRun(
      subject: subject,
      probe: ProbeOptions(
        seesAccesses: looksForRaces || !variables.isEmpty, measuresWaits: true,
        recordsTimeline: true,
        setsTraps: looksForRaces),
      environment: environment, console: console, chosenSites: chosen.lines,
      looksForConflicts: looksForRaces, interval: schedule,
      ownSignal: takesSnapshots ? SIGUSR2 : nil
    ) { directory, occasion in
      memory.look(directory)
      if occasion != .signal { watcher.look(directory) }
      guard takesSnapshots, let output, occasion != .time else { return }
      snapshots += 1
      write(timelines(of: directory, chosen, memory), to: "\(output).\(snapshots)")
    }
    guard run.isMeasured else { try run.leave() }
    if let file, let output {
      let timelines = self.timelines(run.sources, chosen, memory)
      try file.write(PerfettoTrace.bytes(of: timelines))
      for line in TraceSummary(timelines).lines { console.say(line) }
      console.say("'\(output)' can be opened at https://ui.perfetto.dev")
    }
    try run.leave()
  }

  private var tool: String? { symbols.path(in: environment) }

  private func timelines(
    of directory: SessionDirectory, _ chosen: ChosenVariables, _ memory: MemoryWatcher
  ) -> [Timeline] {
    timelines(MeasuredRun.sources(directory, now: MeasuredRun.monotonicTime), chosen, memory)
  }

  private func timelines(
    _ sources: [Timeline.Source], _ chosen: ChosenVariables, _ memory: MemoryWatcher
  ) -> [Timeline] {
    let cache = ElfImageCache()
    let paths = Paths(directory: FileManager.default.currentDirectoryPath)
    return sources.map { source in
      let images = source.events.images
      let names = SymbolInterpreter(images: images, tool: tool, cache: cache)
      var findings: [Int: String] = [:]
      for conflict in source.events.conflicts {
        findings[conflict.slot] =
          Judge.variable(of: conflict, in: source.events, names)?.qualifiedName
      }
      var timeline = Timeline(
        source, interpreter: ImageWaitInterpreter(images: images, tool: tool, cache: cache),
        paths: paths, variables: chosen.names, findings: findings)
      timeline.counts += memory.counts[timeline.pid, default: []]
      return timeline
    }
  }

  /// A snapshot that cannot be written is told, and the program goes on.
  private func write(_ timelines: [Timeline], to path: String) {
    do throws(ToolError) {
      try OutputFile(path: path, option: "--output").write(PerfettoTrace.bytes(of: timelines))
      console.say("the last events are in '\(path)'")
    } catch {
      console.complain(error.line)
    }
  }
}
