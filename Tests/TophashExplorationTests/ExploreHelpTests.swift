import Testing
import TophashTestSupport

/// What `explore` and `replay` say of themselves.
@Suite struct ExploreHelpTests {
  static let explore = """
    OVERVIEW: Run a program in many orders of its threads, and replay the one that
    fails.

    The program is not rebuilt. Each run lets one thread, task or work item go at a
    time, and decides who is next wherever they could meet: at accesses to
    variables, locks, Dispatch calls and task switches. Time is virtual. A run
    fails when it crashes, when it exits with another status than in the plain
    order, when no thread can go on, when it does not end, and when two accesses to
    one variable are open at the same moment.

    A failing schedule is shrunk, replayed ten times, and written to a file for
    'tophash replay'. The program's input is empty; what it writes is dropped, but
    for the message of the failure. Build it for debugging: an optimised program
    touches plain integers and references without telling anybody.

    EXIT STATUS
      0                  no run failed
      the program's own  it fails in the plain order, which is no matter of
    schedules
      64                 wrong usage
      66                 a failing schedule was found
      70                 tophash itself failed
      126                the program cannot be run, or not under control
      127                there is no such program

    USAGE: tophash explore [<options>] [--] <program> [<argument> ...]

    ARGUMENTS:
      <program>               The program and its arguments.

    OPTIONS:
      --schedules <number>    Try so many schedules. (default: 1000, or what --time
                              allows)
      --time <seconds>        Try for so long.
      --seed <number>         Make the choices of an earlier search again.
                              (default: 1)
      --scheduler <scheduler> Who decides which thread is next. (default:
                              portfolio) (values: portfolio, random, pos, pos-late,
                              pct, alike, hold, sticky, bounded)
      --jobs <number>         Run so many programs at a time. (default: one per
                              processor)
      --delay <milliseconds>  Hold threads up for so long in a run, in all, while
                              others sleep. (default: 500)
      --steps <number>        Give the plain order so many steps to end in.
                              (default: 1000000)
      --allow-overlaps        Accesses that are open at the same moment are no
                              failure by themselves.
      --no-shrink             Keep the failing schedule as it was found.
      --save-schedule <file>  Where to write the failing schedule. (default: below
                              .tophash/schedules)
      --reporter <reporter>   Form of the report. (default: text) (values: text,
                              json)
      --output <file>         Write the report to a file in place of standard
                              output.
      --quiet                 Print nothing but the report and errors.
      --symbolizer <path>     The llvm-symbolizer to use.
      --version               Show the version.
      -h, --help              Show help information.


    """

  static let replay = """
    OVERVIEW: Run a program again in the order that a schedule file says.

    Shows the program's output, what each thread did, and whether it was the same,
    down to each step. When it was not, the schedule was not reproduced: that does
    not mean that anything is fixed, as a rebuilt program passes other points.

    With --debugger the program is run once more under gdb or lldb, in the same
    order. It stops in 'main', where it crashes, and where no thread can go on.
    TOPHASH_DEBUGGER names another one than the first along PATH.

    With --traps the places of the schedule become traps of 'tophash run --traps
    FILE', which holds accesses open there in runs that nobody controls: the
    accesses that met, or those beside its switches.

    EXIT STATUS
      0    the schedule was not reproduced, and the program ended well
      64   wrong usage, or no schedule file
      66   the program failed as the schedule says
      70   tophash itself failed
      75   the program failed, but otherwise
      126  the program cannot be run
      127  there is no such program

    USAGE: tophash replay <file> [--times <number>] [--debugger] [--traps <file>] [--quiet] [--symbolizer <path>]

    ARGUMENTS:
      <file>                  A file that 'tophash explore' wrote.

    OPTIONS:
      --times <number>        Repeat it so many times. (default: 1)
      --debugger              Run it under a debugger, too.
      --traps <file>          Add its places to a trap file.
      --quiet                 Print nothing but the report and errors.
      --symbolizer <path>     The llvm-symbolizer to use.
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test(arguments: [("explore", explore), ("replay", replay)])
  func help(_ command: String, _ text: String) throws {
    for arguments in [[command, "--help"], ["help", command]] {
      let result = try Explored.tophash(arguments)
      #expect(result.end == .exited(0))
      #expect(result.output == text)
      #expect(result.errors == "")
    }
  }
}
