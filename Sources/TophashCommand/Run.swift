import ArgumentParser
import Glibc

extension Tophash {
  /// `tophash run`: a program under the probe, its findings, its own exit status.
  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program, and report tasks that touch one variable at the same time.",
      usage: "tophash run [<options>] [--] [<program> [<argument> ...]]",
      discussion: """
        The program is not rebuilt. Its input, output, signals and exit status pass through \
        untouched; findings go to standard output after it has ended, everything else to \
        standard error. Processes that it starts are checked too. Without a program, a bundled \
        example is run.

        Options can also be given in TOPHASH_OPTIONS, as key=value pairs between colons, with \
        the names below: TOPHASH_OPTIONS=reporter=json:seed=7:quiet. A colon that belongs to a \
        value is written '\\:'.

        EXIT STATUS
          the program's own  nothing was found (ended by the same signal, if by one)
          64                 wrong usage
          66                 something was caught, whatever the program's own status
                             was; with --strict, something unordered as well
          70                 tophash itself failed
          126                the program cannot be run, or cannot be checked
          127                there is no such program
        """
    )

    @Option(help: "Form of the report. (default: text)")
    var reporter: ReporterChoice?

    @Option(
      help: ArgumentHelp(
        "Write the report to a file in place of standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Print nothing but findings and errors.")
    var quiet = false

    @Flag(help: "Stop the program at its first finding.")
    var haltOnFinding = false

    @Option(help: "Colour the text report. (default: auto)")
    var color: ColorChoice?

    // A negative number is a value too, so that it is told what is wrong with it.
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Share of run time that traps may hold accesses open. (default: 10)",
        valueName: "percent"))
    var trapBudget: Double?

    @Flag(help: "Hold no access open: find only what meets by itself.")
    var noTraps = false

    @Option(help: "What is looked for. (default: caught)")
    var detect: DetectChoice?

    @Flag(help: "Exit with 66 for unordered findings, too.")
    var strict = false

    @Option(help: "How accesses are seen. (default: auto)")
    var hook: HookChoice?

    @Option(
      help: ArgumentHelp(
        "Repeat the choices of an earlier run, as its report says.", valueName: "number"))
    var seed: UInt64?

    @Option(
      help: ArgumentHelp(
        "Run the program so many times, each with what those before learned. (default: 1)",
        valueName: "number"))
    var runs: Int?

    @Option(
      help: ArgumentHelp(
        "Keep what was learned in a file, for the next run. (default: .tophash/traps.json, if there)",
        valueName: "file"))
    var traps: String?

    @Option(
      help: ArgumentHelp(
        "Write which variables and sites ran, and which several tasks used ('-': to standard output; *.json: as JSON).",
        valueName: "file"))
    var coverage: String?

    @Option(help: ArgumentHelp("The llvm-symbolizer to use.", valueName: "path"))
    var symbolizer: String?

    @Flag(help: "Run a program that seems to have nothing to check.")
    var force = false

    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
    var program: [String] = []

    func validate() throws {
      // What follows the known options is the program's, also where it looks like an option.
      switch program.first {
      case "-h", "--help": throw CleanExit.helpRequest(self)
      case "--version": throw CleanExit.message(Tophash.configuration.version)
      case let first? where first.hasPrefix("-") && first != "--":
        throw ValidationError(Self.unknownOption(first))
      default: break
      }
      if let runs, !RunOptions.runCounts.contains(runs) {
        throw ValidationError("--runs takes a number from 1 to 1000.")
      }
      if let trapBudget, !RunOptions.budgets.contains(trapBudget) {
        throw ValidationError(
          "'--trap-budget' takes a percentage from 0 to 100, not '\(RunOptions.typed(trapBudget))'."
        )
      }
    }

    func run() throws {
      var console = Console()
      do throws(ToolError) {
        let options = try options(
          variable: getenv(OptionsVariable.name).map { String(cString: $0) })
        console.isQuiet = options.isQuiet
        try Runner(options: options, command: command, console: console).run()
      } catch {
        console.complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }

    private static func unknownOption(_ word: String) -> String {
      let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
      if let nearest = Suggestion.nearest(to: String(name), among: OptionsVariable.keys) {
        return "Unknown option '\(word)'. Did you mean '--\(nearest)'?"
      }
      return "Unknown option '\(word)'. Write '--' before a program whose name starts so"
    }

    /// Program and arguments, without the `--` before them.
    private var command: [String] {
      program.first == "--" ? Array(program.dropFirst()) : program
    }

    /// The variable's options, overruled by those of the command line.
    func options(variable: String?) throws(ToolError) -> RunOptions {
      var options = RunOptions()
      try OptionsVariable.apply(variable ?? "", to: &options)
      if let reporter { options.reporter = reporter }
      if let output { options.output = output }
      if quiet { options.isQuiet = true }
      if haltOnFinding { options.haltsOnFinding = true }
      if let color { options.color = color }
      if let trapBudget { options.trapBudget = trapBudget }
      if noTraps { options.setsTraps = false }
      if let detect { options.detect = detect }
      if strict { options.isStrict = true }
      if let hook { options.hook = hook }
      if let seed { options.seed = seed }
      if let symbolizer { options.symbolizer = symbolizer }
      if force { options.isForced = true }
      if let runs { options.runs = runs }
      if let traps { options.traps = traps }
      if let coverage { options.coverage = coverage }
      return options
    }
  }
}
