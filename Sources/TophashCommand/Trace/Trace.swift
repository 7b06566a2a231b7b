import ArgumentParser

extension Tophash {
  /// `tophash trace`: what the threads and tasks of a program do over time.
  struct Trace: ProgramCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program, and record what its threads and tasks do over time.",
      usage: "tophash trace [<options>] [--] [<program> [<argument> ...]]",
      discussion: """
        The program is not rebuilt. Its input, output, signals and exit status pass through \
        untouched. With --output, a timeline is written that https://ui.perfetto.dev shows: tasks \
        and threads as tracks; waits, work items, accesses of chosen variables and the program's \
        own regions on them; arrows from where a task or a work item got in line to where it ran, \
        and between the sides of a finding. It holds the last 8192 events of each thread.

        With --schedule, a line on standard error says every so often what tasks and threads do, \
        and a warning names a task that keeps its thread for long.

        EXIT STATUS
          the program's own  it was recorded (ended by the same signal, if by one)
          64                 wrong usage
          70                 tophash itself failed
          126                the program cannot be run, or cannot be recorded
          127                there is no such program
        """
    )

    @Option(
      help: ArgumentHelp("Write the timeline for Perfetto.", valueName: "file"),
      completion: .file())
    var output: String?

    @Option(
      help: ArgumentHelp(
        "Record accesses of a variable, such as Cache.entries. May be repeated.",
        valueName: "name"))
    var variable: [String] = []

    @Option(
      defaultAsFlag: 100, parsing: .next,
      help: ArgumentHelp("Print a line every so many milliseconds.", valueName: "ms"))
    var schedule: Int? = nil

    @Flag(help: "Look for races, too, and hold accesses open to provoke them.")
    var races = false

    @Flag(
      help:
        "Also write FILE.1, FILE.2 … when something is found, and on the signal USR2 to tophash.")
    var snapshots = false

    @Flag(help: "Print nothing but errors and what --schedule prints.")
    var quiet = false

    @OptionGroup var symbols: SymbolizerOption

    @Argument(
      parsing: .captureForPassthrough, help: "The program and its arguments.", completion: .file())
    var program: [String] = []

    static let optionNames = [
      "output", "variable", "schedule", "races", "snapshots", "quiet", "symbolizer",
    ]

    func validate() throws {
      try checkProgram()
      if let schedule, schedule < 1 {
        throw ValidationError("--schedule takes a number of milliseconds from 1 on.")
      }
      if output == nil, schedule == nil {
        throw ValidationError("Nothing was asked for. Write '--output FILE' or '--schedule 100'")
      }
      if output == nil, !variable.isEmpty || snapshots || races {
        throw ValidationError(
          "--variable, --races and --snapshots belong to a timeline. Write '--output FILE'")
      }
    }

    func run() throws {
      let console = Console(isQuiet: quiet)
      try console.reporting { () throws(ToolError) in
        try Tracer(
          command: words, output: output, variables: variable, schedule: schedule,
          looksForRaces: races, takesSnapshots: snapshots, symbols: symbols, console: console
        ).run()
      }
    }
  }
}
