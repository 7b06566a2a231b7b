import ArgumentParser

extension Tophash {
  /// `tophash test`: the package's tests under the probe, each finding with its test.
  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a package's tests, and report the tests whose tasks conflict.",
      usage: "tophash test [<options>] [--] [<swift test argument> ...]",
      discussion: """
        Builds the tests as 'swift test' does, and runs them under the probe: XCTest and Swift \
        Testing, in parallel or not. The package manager and the compiler are left alone. What \
        'swift test' prints passes through untouched; findings follow on standard output, each \
        with the test that both tasks belong to, or with the two tests that disturb each other.

        Arguments that are not listed below are those of 'swift test': --filter, --parallel, \
        -c release and so on. They come last.

        Unlike 'tophash run', this also looks for accesses that nothing was seen to order \
        (--detect caught leaves them out), and keeps what it learned in .tophash/traps.json, \
        which the next run, and a cache of CI, can begin with.

        EXIT STATUS
          that of 'swift test'  nothing was found; or the tests could not be built
          64                    wrong usage
          65                    a configuration, suppression or baseline file is wrong
          66                    something was caught, whatever the tests' own result
                                was; with --strict, something unordered as well
          70                    tophash itself failed
          126                   the tests cannot be checked
          127                   there is no 'swift'
        """
    )

    @OptionGroup var checks: CheckOptions

    @Argument(parsing: .captureForPassthrough, help: "The arguments of 'swift test'.")
    var arguments: [String] = []

    func validate() throws {
      switch arguments.first {
      case "-h", "--help": throw CleanExit.helpRequest(self)
      case "--version": throw CleanExit.message(Tophash.configuration.version)
      default: break
      }
      if let word = arguments.first(where: {
        Self.ownOptions.contains(String($0.prefix { $0 != "=" }))
      }) {
        throw ValidationError(
          "'\(word)' is an option of tophash. Write it before those of 'swift test'")
      }
    }

    /// What somebody may write behind the options of `swift test`, which knows none of them.
    private static let ownOptions = Set(Setting.keys.map { "--" + $0 })
      .subtracting(["--quiet"])

    func run() throws {
      var console = Console()
      do throws(ToolError) {
        let options = try checks.merged(
          into: .tests, environment: ProcessEnvironment.current)
        console.isQuiet = options.isQuiet
        let arguments = SwiftTestArguments(arguments)
        try Runner(
          options: options, command: arguments.testCommand, console: console,
          errand: .tests(arguments)
        ).run()
      } catch {
        console.complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }
  }
}

extension RunOptions {
  /// What `tophash test` does when it is not told otherwise.
  static let tests: RunOptions = {
    var options = RunOptions()
    options.detect = .unordered
    options.traps = RunTraps.usualPath
    return options
  }()
}
