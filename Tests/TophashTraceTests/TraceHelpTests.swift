import Testing
import TophashTestSupport

@testable import TophashTrace

extension TraceCommandTests {
  static let help = """
    OVERVIEW: Run a program, and record what its threads and tasks do over time.

    The program is not rebuilt. Its input, output, signals and exit status pass
    through untouched. With --output, a timeline is written that
    https://ui.perfetto.dev shows: tasks and threads as tracks; waits, work items,
    accesses of chosen variables and the program's own regions on them; arrows from
    where a task or a work item got in line to where it ran, and between the sides
    of a finding. It holds the last 8192 events of each thread.

    With --schedule, a line on standard error says every so often what tasks and
    threads do, and a warning names a task that keeps its thread for long.

    EXIT STATUS
      the program's own  it was recorded (ended by the same signal, if by one)
      64                 wrong usage
      70                 tophash itself failed
      126                the program cannot be run, or cannot be recorded
      127                there is no such program

    USAGE: tophash trace [<options>] [--] [<program> [<argument> ...]]

    ARGUMENTS:
      <program>               The program and its arguments.

    OPTIONS:
      --output <file>         Write the timeline for Perfetto.
      --variable <name>       Record accesses of a variable, such as Cache.entries.
                              May be repeated.
      --schedule [<ms>]       Print a line every so many milliseconds. (default as
                              flag: 100)
      --races                 Look for races, too, and hold accesses open to
                              provoke them.
      --snapshots             Also write FILE.1, FILE.2 … when something is found,
                              and on the signal USR2 to tophash.
      --quiet                 Print nothing but errors and what --schedule prints.
      --symbolizer <path>     The llvm-symbolizer to use.
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test func `its help says it all`() throws {
    for arguments in [["trace", "--help"], ["help", "trace"], ["trace", "--schedule", "-h"]] {
      let result = try Command(path: Bottleneck.tool, arguments: arguments).run()
      #expect(result.end == .exited(0))
      #expect(result.output == Self.help)
    }
  }
}
