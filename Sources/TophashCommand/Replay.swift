import ArgumentParser
import TophashExploration

extension Tophash {
  /// `tophash replay`: a saved schedule once more.
  struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program again in the order that a schedule file says.",
      discussion: """
        Shows the program's output, what each thread did, and whether it was the same, down to \
        each step. When it was not, the schedule was not reproduced: that does not mean that \
        anything is fixed, as a rebuilt program passes other points.

        With --debugger the program is run once more under gdb or lldb, in the same order. It \
        stops in 'main', where it crashes, and where no thread can go on. TOPHASH_DEBUGGER names \
        another one than the first along PATH.

        With --traps the places of the schedule become traps of 'tophash run --traps FILE', which \
        holds accesses open there in runs that nobody controls: the accesses that met, or those \
        beside its switches.

        EXIT STATUS
          0    the schedule was not reproduced, and the program ended well
          64   wrong usage, or no schedule file
          66   the program failed as the schedule says
          70   tophash itself failed
          75   the program failed, but otherwise
          126  the program cannot be run
          127  there is no such program
        """
    )

    @Argument(help: "A file that 'tophash explore' wrote.")
    var file: String

    @Option(help: ArgumentHelp("Repeat it so many times. (default: 1)", valueName: "number"))
    var times: Int?

    @Flag(help: "Run it under a debugger, too.")
    var debugger = false

    @Option(
      help: ArgumentHelp("Add its places to a trap file.", valueName: "file"),
      completion: .file())
    var traps: String?

    @Flag(help: "Print nothing but the report and errors.")
    var quiet = false

    @Option(help: ArgumentHelp("The llvm-symbolizer to use.", valueName: "path"))
    var symbolizer: String?

    @Flag(help: .hidden)
    var randomAddresses = false

    func validate() throws {
      if let times, !(1...1_000_000).contains(times) {
        throw ValidationError("--times takes a number from 1 to 1000000.")
      }
    }

    func run() throws {
      var console = Console()
      console.isQuiet = quiet
      do throws(ToolError) {
        try Replayer(
          file: file, times: times ?? 1, usesDebugger: debugger, traps: traps, symbolizer: symbolizer,
          randomizesAddresses: randomAddresses, console: console
        ).run()
      } catch {
        console.complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }
  }
}
