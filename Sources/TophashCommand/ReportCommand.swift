import ArgumentParser
import Glibc
import TophashFindings
import TophashReports

extension Tophash {
  /// `tophash report`: saved reports again, together, in other forms, beside earlier ones.
  struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "report",
      abstract: "Merge, convert and compare saved reports.",
      usage: "tophash report [<options>] <file> ...",
      discussion: """
        Reads reports that 'tophash run --reporter json' wrote ('-': standard input), puts them \
        together, and writes the whole in any form. What was found in several of them is one \
        finding.

        EXIT STATUS
          0   nothing was found that somebody has to look at
          64  wrong usage
          65  a file is missing, damaged, or of another version
          66  something caught is left; with --strict, something unordered as well;
              with --new-only or --baseline, only what was not there before counts
          70  tophash itself failed
        """
    )

    @OptionGroup var reporting: ReportingOptions

    @Flag(help: "Print nothing but findings and errors.")
    var quiet = false

    @Option(help: "Colour the text report. (default: auto)")
    var color: ColorChoice?

    @Flag(help: "Exit with 66 for unordered findings, too.")
    var strict = false

    @Option(
      help: ArgumentHelp(
        "Say what is new, still there and gone since an earlier report (repeatable).",
        valueName: "file"),
      completion: .file())
    var compare: [String] = []

    @Flag(help: "Leave out what --compare or --baseline knows already.")
    var newOnly = false

    @Argument(help: "Saved reports, in JSON.", completion: .file())
    var file: [String]

    func validate() throws {
      if newOnly, compare.isEmpty, reporting.baseline == nil {
        throw ValidationError(
          "'--new-only' does not say since when. Add '--compare FILE' or '--baseline FILE'.")
      }
    }

    func run() throws {
      let fails: Bool
      do throws(ToolError) {
        let console = Console(isQuiet: quiet)
        let outputs = try ReportOutputs(reporting.plan(), console: console)
        let policy = try reporting.policy(console)
        var report = Report.merged(try read(file))
        if !compare.isEmpty { report = report.compared(to: Report.merged(try read(compare))) }
        let baseline = policy.apply(to: &report)
        if newOnly { report.keepNew() }
        try outputs.write(
          report, color: color ?? .auto, isStrict: strict,
          environment: ProcessEnvironment.current)
        try policy.save(baseline)
        SummaryText(report).lines.forEach(console.say)
        fails = report.fails(isStrict: strict)
      } catch {
        Console().complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
      if fails { throw ExitCode(ExitStatus.findings.rawValue) }
    }

    private func read(_ paths: [String]) throws(ToolError) -> [Report] {
      var reports: [Report] = []
      for path in paths {
        let bytes = try InputFile.read(path)
        reports.append(
          try InputFile.parsed { () throws(TextFailure) in
            try Report(saved: bytes, at: path)
          })
      }
      return reports
    }
  }
}
