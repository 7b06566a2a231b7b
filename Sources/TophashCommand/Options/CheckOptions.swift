import ArgumentParser

/// The options of every command that checks a program, as the command line gives them.
struct CheckOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read options from a file. (default: the nearest .tophash.yml, if there)", valueName: "file"),
    completion: .file())
  var config: String?

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
      valueName: "file"),
    completion: .file())
  var traps: String?

  @Option(
    help: ArgumentHelp(
      "Write which variables and sites ran, and which several tasks used ('-': to standard output; *.json: as JSON).",
      valueName: "file"),
    completion: .file())
  var coverage: String?

  @Option(help: ArgumentHelp("The llvm-symbolizer to use.", valueName: "path"), completion: .file())
  var symbolizer: String?

  @Flag(help: "Run a program that seems to have nothing to check.")
  var force = false

  /// What was given, by the keys of ``Setting``.
  private var assignments: [Assignment] {
    let given: [(key: String, value: String?)] = [
      ("quiet", quiet ? "true" : nil),
      ("halt-on-finding", haltOnFinding ? "true" : nil),
      ("color", color?.rawValue),
      ("trap-budget", trapBudget.map(RunOptions.typed)),
      ("no-traps", noTraps ? "true" : nil),
      ("detect", detect?.rawValue),
      ("strict", strict ? "true" : nil),
      ("hook", hook?.rawValue),
      ("seed", seed.map { "\($0)" }),
      ("runs", runs.map { "\($0)" }),
      ("traps", traps),
      ("coverage", coverage),
      ("symbolizer", symbolizer),
      ("force", force ? "true" : nil),
    ]
    return reporting.assignments
      + given.compactMap { key, value in
        value.map { Assignment(key: key, value: $0, origin: .flag) }
      }
  }

  /// These over `TOPHASH_OPTIONS`, over the configuration file, over `defaults`.
  ///
  /// - Throws: 64 for a mistake in a flag or the variable, 65 for one in the file.
  func configuration(
    over defaults: RunOptions = RunOptions(), environment: [String: String]
  ) throws(ToolError) -> Configuration {
    // Says more about a mistake in them than a setting can.
    _ = try reporting.plan()
    return try Configuration(
      defaults: defaults, flags: assignments, path: config,
      variable: environment[OptionsVariable.name])
  }

  /// What ``configuration(over:environment:)`` comes to.
  func merged(
    into defaults: RunOptions = RunOptions(), environment: [String: String]
  ) throws(ToolError) -> RunOptions {
    try configuration(over: defaults, environment: environment).options
  }
}
