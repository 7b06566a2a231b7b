import ArgumentParser

extension Tophash {
  /// `tophash profile`: where the threads and tasks of a program wait for each other.
  struct Profile: ProgramCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program, and show where its threads and tasks wait for each other.",
      usage: "tophash profile [<options>] [--] [<program> [<argument> ...]]",
      discussion: """
        The program is not rebuilt. Its input, output, signals and exit status pass through \
        untouched; a table of the places where most time was spent waiting goes to standard output \
        after it has ended, however it ended: a program that hangs can be interrupted.

        Seen are waits for locks (pthread, Foundation, Mutex), for Dispatch queues, barriers, \
        semaphores, groups and work items, for conditions and threads, and of tasks for actors. \
        Waits for something that has yet to happen, such as the end of a thread, stand by \
        themselves: they slow nobody down.

        EXIT STATUS
          the program's own  waits were measured (ended by the same signal, if by one)
          64                 wrong usage
          70                 tophash itself failed
          126                the program cannot be run, or cannot be measured
          127                there is no such program
        """
    )

    @Option(
      help: ArgumentHelp(
        "Write the profile for 'go tool pprof' and others that read its format.",
        valueName: "file"), completion: .file())
    var output: String?

    @Option(
      help: ArgumentHelp("Write a flame graph of the waits, as SVG.", valueName: "file"),
      completion: .file())
    var flameGraph: String?

    @Option(help: ArgumentHelp("Places to show of each part. (default: 10)", valueName: "number"))
    var top: Int?

    @Option(help: "Colour the table. (default: auto)")
    var color: ColorChoice?

    @Flag(help: "Print nothing but the table and errors.")
    var quiet = false

    @OptionGroup var symbols: SymbolizerOption

    @Argument(
      parsing: .captureForPassthrough, help: "The program and its arguments.", completion: .file())
    var program: [String] = []

    static let optionNames = ["output", "flame-graph", "top", "color", "quiet", "symbolizer"]

    func validate() throws {
      try checkProgram()
      if let top, top < 1 { throw ValidationError("--top takes a number from 1 on.") }
    }

    func run() throws {
      let console = Console(isQuiet: quiet)
      try console.reporting { () throws(ToolError) in
        try Profiler(
          command: words, output: output, flameGraph: flameGraph, rows: top ?? 10,
          color: color ?? .auto, symbols: symbols, console: console
        ).run()
      }
    }
  }
}
