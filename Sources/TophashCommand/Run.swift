import ArgumentParser

extension Tophash {
  /// `tophash run`: a program under the probe, its findings, its own exit status.
  struct Run: ProgramCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program, and report tasks that touch one variable at the same time.",
      usage: "tophash run [<options>] [--] [<program> [<argument> ...]]",
      discussion: """
        The program is not rebuilt. Its input, output, signals and exit status pass through \
        untouched; findings go to standard output after it has ended, everything else to \
        standard error. Processes that it starts are checked too. Without a program, a bundled \
        example is run.

        Options can also be given, with the names below, as 'key: value' lines in a file \
        .tophash.yml, in this directory or one above it; and in TOPHASH_OPTIONS, as key=value \
        pairs between colons: TOPHASH_OPTIONS=reporter=json:seed=7:quiet. A colon that belongs to \
        a value is written '\\:'. The variable wins over the file, the command line over both; \
        'tophash config' shows what came of them.

        EXIT STATUS
          the program's own  nothing was found (ended by the same signal, if by one)
          64                 wrong usage
          65                 a configuration, suppression or baseline file is wrong
          66                 something was caught, whatever the program's own status
                             was; with --strict, something unordered as well
          70                 tophash itself failed
          126                the program cannot be run, or cannot be checked
          127                there is no such program
        """
    )

    @OptionGroup var checks: CheckOptions

    @Argument(
      parsing: .captureForPassthrough, help: "The program and its arguments.", completion: .file())
    var program: [String] = []

    static let optionNames = Setting.keys + [ConfigurationFile.key]

    func validate() throws { try checkProgram() }

    func run() throws {
      var console = Console()
      do throws(ToolError) {
        let options = try checks.merged(environment: ProcessEnvironment.current)
        console.isQuiet = options.isQuiet
        try Runner(options: options, command: words, console: console).run()
      } catch {
        console.complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }
  }
}
