import Foundation
import TophashFindings
import TophashReports
import TophashSymbols
import TophashTrace

/// One `tophash profile`, from the program's name to the exit status.
struct Profiler {
  var command: [String]
  var output: String?
  var flameGraph: String?
  var rows: Int
  var color: ColorChoice
  var symbols: SymbolizerOption
  var console: Console
  var environment = ProcessEnvironment.current

  /// Runs the program, writes the files and prints the table.
  ///
  /// - Throws: what `tophash` has to say in place of the program's own status.
  func run() throws(ToolError) -> Never {
    // Opened before the program runs, so that nothing it did is lost to a wrong name.
    let profileFile = try output.map { path throws(ToolError) in
      try OutputFile(path: path, option: "--output")
    }
    let pictureFile = try flameGraph.map { path throws(ToolError) in
      try OutputFile(path: path, option: "--flame-graph")
    }
    let run = try MeasuredRun(
      subject: try Subject(command: command, environment: environment, console: console),
      probe: ProbeOptions(seesAccesses: false, measuresWaits: true),
      environment: environment, console: console)
    guard run.isMeasured else { try run.leave() }
    let cache = ElfImageCache()
    let tool = symbols.path(in: environment)
    let profile = WaitProfile(run.waits) { process in
      ImageWaitInterpreter(images: process.images, tool: tool, cache: cache)
    }

    let table = try ReportDestination(path: nil)
    let style = Style(isColored: color.isColored(table, environment))
    let paths = Paths(directory: FileManager.default.currentDirectoryPath)
    try table.write(WaitTable(rows: rows, paths: paths, style: style).text(profile))
    try profileFile?.write(
      PprofProfile.bytes(of: profile, comments: [run.subject.words.joined(separator: " ")]))
    try pictureFile?.write(Array(picture(profile, of: run.subject).utf8))
    for line in summary(profile, run) { console.say(line) }
    try run.leave()
  }

  private func picture(_ profile: WaitProfile, of subject: Subject) -> String {
    let hasContention = !profile.samples(contention: true).isEmpty
    let tree = profile.flameTree(contention: hasContention)
    return FlameGraph.svg(tree, title: "\(tree.root.name): \(subject.name)")
  }

  private func summary(_ profile: WaitProfile, _ run: MeasuredRun) -> [String] {
    var lines: [String] = []
    if let output { lines.append("'\(output)' can be read by 'go tool pprof'") }
    if profile.missesActors {
      lines.append("warning: tasks that wait for an actor could not be seen")
    }
    if profile.dropped > 0 {
      lines.append("warning: \(profile.dropped) waits found no room and are missing")
    }
    return lines
  }
}
