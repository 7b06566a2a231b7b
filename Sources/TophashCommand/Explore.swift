import ArgumentParser
import TophashExploration
import TophashSearch

extension Tophash {
  /// `tophash explore`: a program in one order of its threads after another, until it fails.
  struct Explore: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program in many orders of its threads, and replay the one that fails.",
      usage: "tophash explore [<options>] [--] <program> [<argument> ...]",
      discussion: """
        The program is not rebuilt. Each run lets one thread, task or work item go at a time, and \
        decides who is next wherever they could meet: at accesses to variables, locks, Dispatch \
        calls and task switches. Time is virtual. A run fails when it crashes, when it exits with \
        another status than in the plain order, when no thread can go on, when it does not end, \
        and when two accesses to one variable are open at the same moment.

        A failing schedule is shrunk, replayed ten times, and written to a file for \
        'tophash replay'. The program's input is empty; what it writes is dropped, but for the \
        message of the failure. Build it for debugging: an optimised program touches plain \
        integers and references without telling anybody.

        EXIT STATUS
          0                  no run failed
          the program's own  it fails in the plain order, which is no matter of schedules
          64                 wrong usage
          66                 a failing schedule was found
          70                 tophash itself failed
          126                the program cannot be run, or not under control
          127                there is no such program
        """
    )

    @Option(
      help: ArgumentHelp(
        "Try so many schedules. (default: 1000, or what --time allows)", valueName: "number"))
    var schedules: Int?

    @Option(help: ArgumentHelp("Try for so long.", valueName: "seconds"))
    var time: Double?

    @Option(
      help: ArgumentHelp(
        "Make the choices of an earlier search again. (default: 1)", valueName: "number"))
    var seed: UInt64?

    @Option(help: "Who decides which thread is next. (default: portfolio)")
    var scheduler: SchedulerChoice?

    @Option(
      help: ArgumentHelp(
        "Run so many programs at a time. (default: one per processor)", valueName: "number"))
    var jobs: Int?

    @Option(
      help: ArgumentHelp(
        "Hold threads up for so long in a run, in all, while others sleep. (default: 500)",
        valueName: "milliseconds"))
    var delay: Int?

    @Option(
      help: ArgumentHelp(
        "Give the plain order so many steps to end in. (default: 1000000)",
        valueName: "number"))
    var steps: Int?

    @Flag(help: "Accesses that are open at the same moment are no failure by themselves.")
    var allowOverlaps = false

    @Flag(help: "Keep the failing schedule as it was found.")
    var noShrink = false

    @Option(
      help: ArgumentHelp(
        "Where to write the failing schedule. (default: below .tophash/schedules)",
        valueName: "file"))
    var saveSchedule: String?

    @Option(help: "Form of the report. (default: text)")
    var reporter: ReporterChoice?

    @Option(
      help: ArgumentHelp(
        "Write the report to a file in place of standard output.", valueName: "file"))
    var output: String?

    @Flag(help: "Print nothing but the report and errors.")
    var quiet = false

    @Option(help: ArgumentHelp("The llvm-symbolizer to use.", valueName: "path"))
    var symbolizer: String?

    // For tests of determinism: leave addresses to chance, as the system does.
    @Flag(help: .hidden)
    var randomAddresses = false

    // The same: one schedule again and again; the number of different ones tells.
    @Flag(help: .hidden)
    var repeatOne = false

    // For measurements: so many searches with seeds one after the other; what each needed.
    @Option(help: .hidden)
    var searches: Int?

    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
    var program: [String] = []

    func validate() throws {
      switch program.first {
      case "-h", "--help": throw CleanExit.helpRequest(self)
      case "--version": throw CleanExit.message(Tophash.configuration.version)
      case let first? where first.hasPrefix("-") && first != "--":
        throw ValidationError(
          "Unknown option '\(first)'. Write '--' before a program whose name starts so")
      default: break
      }
      if let schedules, !(1...100_000_000).contains(schedules) {
        throw ValidationError("--schedules takes a number from 1 to 100000000.")
      }
      if let time, !(time > 0 && time <= 1_000_000) {
        throw ValidationError("--time takes seconds, more than 0.")
      }
      if let jobs, !(1...64).contains(jobs) {
        throw ValidationError("--jobs takes a number from 1 to 64.")
      }
      if let delay, !(0...1_000_000_000).contains(delay) {
        throw ValidationError("--delay takes milliseconds, from 0 to 1000000000.")
      }
      if let steps, !(1...80_000_000).contains(steps) {
        throw ValidationError("--steps takes a number from 1 to 80000000.")
      }
      if command.isEmpty {
        throw ValidationError("No program was named. Write 'tophash explore -- PROGRAM'")
      }
    }

    func run() throws {
      var console = Console()
      console.isQuiet = quiet
      do throws(ToolError) {
        var search = Search()
        search.seed = seed ?? 1
        search.limit = schedules ?? (time == nil ? 1000 : .max)
        search.seconds = time
        search.only = scheduler?.scheduler
        search.allowsOverlaps = allowOverlaps
        search.delay = delay ?? Order.usualDelay
        search.stepLimit = steps ?? Order.usualStepLimit
        search.repeatsOneRun = repeatOne
        if repeatOne, search.only == nil { search.only = .random }
        let explorer = Explorer(
          command: command, search: search, jobs: jobs, shrinks: !noShrink,
          scheduleFile: saveSchedule, reporter: reporter ?? .text, output: output,
          symbolizer: symbolizer, randomizesAddresses: randomAddresses, console: console)
        if let searches { try explorer.run(searches: searches) } else { try explorer.run() }
      } catch {
        console.complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }

    private var command: [String] {
      program.first == "--" ? Array(program.dropFirst()) : program
    }
  }
}

/// A scheduler, or all in turn.
enum SchedulerChoice: String, CaseIterable, ExpressibleByArgument {
  case portfolio, random, pos
  case posLate = "pos-late"
  case pct, alike, hold, sticky, bounded

  var scheduler: Scheduler? { Scheduler(rawValue: rawValue) }
}
