import ArgumentParser

/// The options of every command that checks a program: `tophash run` and `tophash test`.
struct CheckOptions: ParsableArguments {
  @OptionGroup var reporting: ReportingOptions

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

  @Option(help: "What is looked for. (default: caught; in tests, unordered)")
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
      "Keep what was learned in a file, for the next run. (default: .tophash/traps.json; for 'run', if there)",
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

  func validate() throws {
    if let runs, !RunOptions.runCounts.contains(runs) {
      throw ValidationError("--runs takes a number from 1 to 1000.")
    }
    if let trapBudget, !RunOptions.budgets.contains(trapBudget) {
      throw ValidationError(
        "'--trap-budget' takes a percentage from 0 to 100, not '\(RunOptions.typed(trapBudget))'."
      )
    }
  }

  /// The options of a run: `defaults`, changed by `TOPHASH_OPTIONS`, changed by the command line.
  ///
  /// - Throws: 64 for a mistake in the variable.
  func merged(
    into defaults: RunOptions = RunOptions(), environment: [String: String]
  ) throws(ToolError) -> RunOptions {
    var options = defaults
    try OptionsVariable.apply(environment[OptionsVariable.name] ?? "", to: &options)
    try reporting.apply(to: &options)
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
