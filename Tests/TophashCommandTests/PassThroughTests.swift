import Glibc
import Testing
import TophashTestSupport

/// The program cannot tell that it is watched, and its caller cannot either.
@Suite struct PassThroughTests {
  // MARK: Streams, words and status

  @Test func `streams and words pass through`() throws {
    var command = try BuiltTool.command(
      ["run", "--quiet", "--", Program.shop.path, "copy", "two words", "", "--", "complain=no"])
    command.input = "one\ntwo\nthe end"
    expect(try command.run(), output: "one\ntwo\nthe end[two words]\n[]\n[--]\n", errors: "no\n")
  }

  @Test(arguments: [["--"], []])
  func `thousands of words pass through, whole and in order`(_ mark: [String]) throws {
    let words = (1...5000).map { $0 == 2000 ? "--" : "\($0)" }
    let run = try BuiltTool.run(["run", "--quiet"] + mark + [Program.shop.path] + words)
    expect(run, output: words.map { "[\($0)]\n" }.joined())
  }

  @Test(arguments: [0, 1, 3, 64, 66, 70, 127, 255] as [Int32])
  func `the status passes through`(_ status: Int32) throws {
    expect(try BuiltTool.run(["--quiet"], .shop, ["exit=\(status)"]), .exited(status))
    expect(try BuiltTool.run(["--quiet"], .shop, ["leave=\(status)"]), .exited(status))
  }

  @Test func `a program in PATH is found there`() throws {
    let word = String(try Program.shop.word.dropFirst(2))
    let run = try BuiltTool.run(
      ["run", "--quiet", word, "say=found"],
      environment: ["PATH": "/no/such/folder:\(Program.directory):/usr/bin:/bin"])
    expect(run, output: "found\n")
  }

  @Test func `a script without a first line is run by the shell`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("script", "\"$1\" say=script; exit 4", mode: 0o755)
    let program = try Program.shop.path
    let run = try BuiltTool.run(["run", "--quiet", "--", "./script", program], in: directory.path)
    expect(run, .exited(4), output: "script\n")
  }

  // MARK: Signals

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH])
  func `a signal to the runner is the program's`(_ signal: Int32) throws {
    let run = try BuiltTool.command(
      ["run", "--quiet", "--", Program.shop.path, "await", "exit=5"]
    ).start()
    try run.waitForOutput("ready\n")
    run.send(signal)
    expect(run.wait(), .exited(5), output: "ready\nsignal \(signal)\n")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
  func `a program that does not handle a signal ends by it, and so does the runner`(
    _ signal: Int32
  ) throws {
    let run = try BuiltTool.command(["run", "--quiet", "--", Program.shop.path, "pause"]).start()
    try run.waitForOutput("ready\n")
    run.send(signal)
    expect(run.wait(), .signalled(signal), output: "ready\n")
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT, SIGABRT, SIGSEGV, SIGPIPE])
  func `a signal that ended the program is what a shell sees`(_ signal: Int32) throws {
    let program = try Program.shop.path
    let run = try Command(
      path: #require(Tool.path("sh")),
      arguments: [
        "-c", "\"$@\"; echo $?", "sh", BuiltTool.path, "run", "--quiet", "--", program,
        "raise=\(signal)",
      ], environment: ["SWIFT_BACKTRACE": "enable=no"]
    ).run()
    #expect(run.output == "\(128 + signal)\n")
  }

  @Test func `a signal that the caller ignores stays ignored`() throws {
    let run = try Command(
      path: #require(Tool.path("sh")),
      arguments: [
        "-c", "trap '' INT; exec \"$@\"", "sh", BuiltTool.path, "run", "--quiet", "--",
        Program.shop.path, "raise=\(SIGINT)", "say=alive",
      ]
    ).run()
    expect(run, output: "alive\n")
  }

  @Test func `who waits for the runner sees the program stop, and continues it`() throws {
    let run = try BuiltTool.command(
      ["run", "--quiet", "--", Program.shop.path, "stop", "say=continued", "exit=6"]
    ).start()
    var status: Int32 = 0
    #expect(waitpid(run.pid, &status, WUNTRACED) == run.pid)
    #expect(status == SIGSTOP << 8 | 0x7f)
    #expect(run.output == "")
    run.send(SIGCONT)
    expect(run.wait(), .exited(6), output: "continued\n")
  }

  // MARK: Every way to end

  @Test(
    arguments: [
      ("trap", nil), ("raise=\(SIGKILL)", SIGKILL), ("raise=\(SIGSEGV)", SIGSEGV),
      ("leave=3", nil), ("exit=4", nil),
    ] as [(String, Int32?)])
  func `a finding outlives every end of the program`(_ end: String, _ signal: Int32?) throws {
    let run = try BuiltTool.run(
      ["--quiet", "--reporter", "json"], .shop, ["race", end],
      environment: ["SWIFT_BACKTRACE": "enable=no"])
    #expect(run.end == .exited(66))
    let report = try JSONValue(run.output)
    #expect(report["findings"].array.count == 1)
    #expect(report["findings"][0]["message"].text.hasPrefix("two threads changed Inventory.stock"))
    if let signal { #expect(report["run"]["signal"].number == Double(signal)) }
    if end == "leave=3" { #expect(report["run"]["exitStatus"].number == 3) }
  }

  @Test func `children are followed and told apart`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      "jobs",
      """
      #!/bin/sh
      echo begin
      "$1" race say=first &
      wait
      "$1" say=second
      "$2"
      "$1" race say=third raise=9
      echo end
      exit 7
      """, mode: 0o755)
    let (shop, plain) = (try Program.shop.path, try Program.plain.path)
    let run = try BuiltTool.run(
      ["run", "--quiet", "--reporter", "json", "--output", "report", "--", "./jobs", shop, plain],
      in: directory.path)
    #expect(run.end == .exited(66))
    #expect(run.output == "begin\nfirst\nsecond\nplain\nthird\nend\n")

    let report = try JSONValue(text(of: directory.path + "/report"))
    #expect(report["run"]["exitStatus"].number == 7)
    let processes = report["processes"].array
    #expect(
      processes.map { $0["arguments"].array.map(\.text).dropFirst() } == [
        ["race", "say=first"], ["say=second"], ["race", "say=third", "raise=9"],
      ])
    #expect(processes.map { $0["hasExited"].truth } == [true, true, false])
    #expect(processes.allSatisfy { $0["program"].text == shop })
    #expect(Set(processes.map { $0["pid"].number }).count == 3)
    // One bug, in two of them.
    #expect(report["findings"].array.count == 1)
    let finding = report["findings"][0]
    #expect(finding["occurrences"].number == 2)
    #expect(
      finding["processes"].array.map { $0["pid"].number }
        == [processes[0]["pid"].number, processes[2]["pid"].number])
  }

  @Test func `nothing is left behind`() throws {
    let directory = try TemporaryDirectory()
    for steps in [["say=fine"], ["race"], ["race", "raise=9"]] {
      _ = try BuiltTool.run(
        ["--quiet", "--output", "/dev/null"], .shop, steps,
        environment: ["TMPDIR": directory.path])
      #expect(directory.files == [])
    }
  }
}
