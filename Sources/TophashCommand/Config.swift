import ArgumentParser

extension Tophash {
  /// `tophash config`: the options that `tophash run` or `tophash test` would have here.
  struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the options in force, and where each comes from.",
      usage: "tophash config [<options>] [run | test]",
      discussion: """
        Takes the options of 'tophash run' or of 'tophash test', reads the same configuration file and the same \
        TOPHASH_OPTIONS, and prints what came of them: one option a line, with the flag, the \
        variable or the line of the file that gave it. The text is itself a configuration file: \
        save it as .tophash.yml and change what you like.

        Each place wins over those before it: defaults, .tophash.yml, TOPHASH_OPTIONS, the \
        command line. Relative paths in a file begin where the file is. '--config /dev/null' \
        reads none.

        EXIT STATUS
          0    all options are right
          64   wrong usage, or a wrong value in TOPHASH_OPTIONS
          65   the configuration file is wrong
          70   tophash itself failed
        """
    )

    enum Checker: String, CaseIterable, ExpressibleByArgument {
      case run, test
    }

    @OptionGroup var checks: CheckOptions

    @Argument(help: "The command whose options are shown.")
    var command = Checker.run

    func run() throws {
      do throws(ToolError) {
        let text = ConfigurationText(
          try checks.configuration(
            over: command == .test ? .tests : RunOptions(), environment: ProcessEnvironment.current)
        ).text
        try ReportDestination(path: nil).write(text)
      } catch {
        Console().complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }
  }
}
