import Testing
import TophashTestSupport

@testable import TophashTrace

extension ProfileCommandTests {
  static let help = """
    OVERVIEW: Run a program, and show where its threads and tasks wait for each
    other.

    The program is not rebuilt. Its input, output, signals and exit status pass
    through untouched; a table of the places where most time was spent waiting goes
    to standard output after it has ended, however it ended: a program that hangs
    can be interrupted.

    Seen are waits for locks (pthread, Foundation, Mutex), for Dispatch queues,
    barriers, semaphores, groups and work items, for conditions and threads, and of
    tasks for actors. Waits for something that has yet to happen, such as the end
    of a thread, stand by themselves: they slow nobody down.

    EXIT STATUS
      the program's own  waits were measured (ended by the same signal, if by one)
      64                 wrong usage
      70                 tophash itself failed
      126                the program cannot be run, or cannot be measured
      127                there is no such program

    USAGE: tophash profile [<options>] [--] [<program> [<argument> ...]]

    ARGUMENTS:
      <program>               The program and its arguments.

    OPTIONS:
      --output <file>         Write the profile for 'go tool pprof' and others that
                              read its format.
      --flame-graph <file>    Write a flame graph of the waits, as SVG.
      --top <number>          Places to show of each part. (default: 10)
      --color <color>         Colour the table. (default: auto) (values: auto,
                              always, never)
      --quiet                 Print nothing but the table and errors.
      --symbolizer <path>     The llvm-symbolizer to use.
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test func `its help says it all`() throws {
    for arguments in [
      ["profile", "--help"], ["help", "profile"], ["profile", "--top", "1", "-h"],
    ] {
      let result = try Command(path: Bottleneck.tool, arguments: arguments).run()
      #expect(result.end == .exited(0))
      #expect(result.output == Self.help)
    }
  }
}
