import ArgumentParser
import CTophashProtocol

extension Tophash {
  /// `tophash watch`: who uses a variable, told by the processor.
  struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program, and name every write to a variable.",
      usage: "tophash watch [<options>] <variable> -- <program> [<argument> ...]",
      discussion: """
        The program is not rebuilt, and costs nothing while the variable is left alone: the \
        processor compares each address by itself. It has room for four variables, or four \
        objects of one. A variable is named as in a report, Cache.entries or Main.count; or by \
        the fingerprint of a finding in a saved report, T-01082847; or by its address as 'nm' \
        shows it, 0x52b8. Of a variable that holds a FailFastDictionary, Cache.entries["alice"] \
        is the entry of that key, wherever it moves, and Cache.entries["alice"].control are the \
        control bytes of its bucket.

        Plain integers, references and lazy properties of release builds are seen, too. Of a \
        value of more than 8 bytes the first 8 are watched: of a collection that is all, of a \
        String it is its length.

        With --confirm whoever changes the variable is held for a moment. Who comes meanwhile \
        races with that change: it is reported as 'tophash run' reports what it caught.

        EXIT STATUS
          the program's own  the variable was watched (ended by the same signal, if by one)
          64                 wrong usage
          66                 with --confirm: something was caught
          70                 tophash itself failed
          126                the program cannot be run, or the variable not be watched
          127                there is no such program, or no such variable in it
        """
    )

    enum Form: String, CaseIterable, ExpressibleByArgument {
      case text, json
    }

    /// How uses are noticed.
    enum Method: String, CaseIterable, ExpressibleByArgument {
      case auto, hardware, software
    }

    @Option(help: "Form of the report: text or json.")
    var reporter = Form.text

    @Option(
      help: ArgumentHelp(
        "Write the report to a file in place of standard output.", valueName: "file"),
      completion: .file())
    var output: String?

    @Flag(help: "Print nothing but the report and errors.")
    var quiet = false

    @Flag(help: "Name reads, too.")
    var reads = false

    @Flag(help: "Hold whoever changes it, to catch the other side.")
    var confirm = false

    @Option(help: ArgumentHelp("Stop watching after so many uses.", valueName: "number"))
    var limit: Int?

    @Option(
      help: ArgumentHelp(
        "Watch no more than so many uses per second; then pause until the next.",
        valueName: "number"))
    var rate: Int?

    @Option(help: ArgumentHelp("Only uses by threads of this name.", valueName: "name"))
    var thread: String?

    @Option(help: ArgumentHelp("Only the n-th object that is made.", valueName: "n"))
    var object: Int?

    @Option(help: ArgumentHelp("Tell the last uses one by one.", valueName: "number"))
    var last = 5

    @Option(
      help: ArgumentHelp(
        "By the processor, through the runtime's checks, or by what is allowed: hardware, software or auto.",
        valueName: "method"))
    var method = Method.auto

    @Option(
      help: ArgumentHelp(
        "The program or library that holds the variable, if <program> only starts it.",
        valueName: "file"), completion: .file())
    var image: String?

    @Option(
      help: ArgumentHelp(
        "The saved JSON report in which a fingerprint is looked up.", valueName: "file"),
      completion: .file())
    var report: String?

    @OptionGroup var symbols: SymbolizerOption

    @Option(
      parsing: .singleValue,
      help: ArgumentHelp("Watch another variable as well: up to three.", valueName: "variable"))
    var also: [String] = []

    @Argument(help: "The variable.")
    var variable: String?

    @Argument(parsing: .postTerminator, help: "The program and its arguments, behind '--'.")
    var program: [String] = []

    /// All that is watched.
    var variables: [String] { [variable].compactMap(\.self) + also }

    func validate() throws {
      guard variable != nil else {
        throw ValidationError("No variable is named. Write 'tophash watch TYPE.NAME -- PROGRAM'")
      }
      guard !program.isEmpty else {
        throw ValidationError("No program is named. Write '-- PROGRAM' behind the variable")
      }
      let most = Int(TOPHASH_WATCH_SLOTS)
      guard variables.count <= most else {
        throw ValidationError(
          "A processor watches \(most) variables at once, not \(variables.count). Name fewer, and run again for the others"
        )
      }
      for (name, value) in [("limit", limit), ("rate", rate), ("object", object)] {
        if let value, value < 1 {
          throw ValidationError("'--\(name)' takes a number from 1 on, not \(value).")
        }
      }
      if last < 0 { throw ValidationError("'--last' takes a number from 0 on, not \(last).") }
    }

    func run() throws {
      let console = Console(isQuiet: quiet)
      try console.reporting { () throws(ToolError) in
        try WatchRunner(command: self, console: console).run()
      }
    }
  }
}
