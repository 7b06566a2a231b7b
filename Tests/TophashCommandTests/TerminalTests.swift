import Glibc
import Testing
import TophashTestSupport

/// A user at a terminal, with keys that interrupt and stop.
@Suite struct TerminalTests {
  private static let interrupt = "\u{3}"
  private static let quit = "\u{1c}"
  private static let suspend = "\u{1a}"

  private func run(_ steps: String, _ options: String = "--quiet") throws -> String {
    try "\(BuiltTool.path) run \(options) -- \(Program.shop.path) \(steps); echo status $?\n"
  }

  @Test func `the terminal is the program's`() throws {
    let terminal = try Terminal()
    try terminal.type(run("terminals copy"))
    try terminal.wait(for: "1 1 1\n")
    terminal.type("typed\n\u{4}")
    #expect(try terminal.wait(for: "status 0\n") == "typed\n")
  }

  @Test(arguments: [(interrupt, SIGINT), (quit, SIGQUIT)])
  func `a key interrupts the program once`(_ key: String, _ signal: Int32) throws {
    let terminal = try Terminal()
    // It waits twice: a signal that came twice would end it.
    try terminal.type(run("await await"))
    try terminal.wait(for: "ready\n")
    terminal.type(key)
    try terminal.wait(for: "signal \(signal)\n")
    try terminal.wait(for: "ready\n")
    terminal.type(key)
    #expect(try terminal.wait(for: "status 0\n").contains("signal \(signal)\n"))
  }

  @Test func `a program that does not handle the key ends, and the shell is told`() throws {
    let terminal = try Terminal()
    try terminal.type(run("pause"))
    try terminal.wait(for: "ready\n")
    terminal.type(Self.interrupt)
    terminal.type("\necho after $?\n")
    try terminal.wait(for: "\(128 + SIGINT)\n")
  }

  @Test func `a key stops both, and the shell continues both`() throws {
    let terminal = try Terminal()
    try terminal.type("\(BuiltTool.path) run --quiet -- \(Program.shop.path) pause\n")
    try terminal.wait(for: "ready\n")
    terminal.type(Self.suspend)
    try terminal.wait(for: "Stopped")
    terminal.type("echo status $?; ps -o stat= -o args= | grep -c '^T.* pause$'; echo counted\n")
    // The runner and the program.
    #expect(try terminal.wait(for: "counted\n").hasSuffix("status \(128 + SIGTSTP)\n2\n"))
    terminal.type("fg\n")
    try terminal.wait(for: " pause\n")
    terminal.type(Self.interrupt)
    terminal.type("\necho after $?\n")
    try terminal.wait(for: "after \(128 + SIGINT)\n")
  }

  @Test func `a stop that is sent to the runner stops the program`() throws {
    let terminal = try Terminal()
    try terminal.type("\(BuiltTool.path) run --quiet -- \(Program.shop.path) pause &\n")
    try terminal.wait(for: "ready\n")
    terminal.type("kill -TSTP $!; wait $!; echo status $?\n")
    try terminal.wait(for: "status \(128 + SIGTSTP)\n")
    terminal.type("ps -o stat= -o args= | grep -c '^T.* pause$'; echo counted\n")
    #expect(try terminal.wait(for: "counted\n").hasSuffix("2\n"))
    terminal.type("kill -TERM $!; fg; echo status $?\n")
    try terminal.wait(for: "status \(128 + SIGTERM)\n")
  }

  @Test(
    arguments: [
      ("--quiet", [:], true), ("--quiet --color never", [:], false),
      ("--quiet", ["NO_COLOR": "1"], false), ("--quiet", ["NO_COLOR": ""], true),
      ("--quiet", ["TERM": "dumb"], false),
      ("--quiet --color always", ["TERM": "dumb", "NO_COLOR": "1"], true),
      ("--quiet", ["TOPHASH_OPTIONS": "color=never"], false),
    ] as [(String, [String: String], Bool)])
  func `a terminal has colours, unless they are not wanted`(
    _ options: String, _ environment: [String: String], _ isColored: Bool
  ) throws {
    let terminal = try Terminal(environment: environment)
    try terminal.type(run("race", options))
    let report = try terminal.wait(for: "status 66\n")
    #expect(report.contains("race (caught):"))
    #expect(report.contains("\u{1b}[1;31m") == isColored)
  }
}
