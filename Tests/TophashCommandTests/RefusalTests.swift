import Foundation
import Testing
import TophashTestSupport

/// What cannot be run or checked: one line that says what to do, and an exit code.
@Suite struct RefusalTests {
  #if arch(x86_64)
  static let machine = "x86-64"
  static let foreignMachine: UInt8 = 183
  #else
  static let machine = "arm64"
  static let foreignMachine: UInt8 = 62
  #endif

  // MARK: No program

  /// Files that are no programs; made in `directory`.
  static let files = try! {
    let directory = try TemporaryDirectory()
    try directory.write("text", "not for running")
    try directory.write("empty", "", mode: 0o755)
    try directory.write("orphan", "#!/no/such/interpreter -x\n", mode: 0o755)
    try directory.write("damaged", "\u{7f}ELF\u{2}\u{1}\u{1}", mode: 0o755)
    try directory.write("folder/file", "")
    symlink("loop", "\(directory.path)/loop")
    return directory
  }()

  @Test(
    arguments: [
      ("./missing", 127, "no program './missing'; check the path, or build the program first"),
      ("missing", 127, "no program 'missing'; check the spelling"),
      ("text", 127, "no program 'text'; write './text' for the one in this directory"),
      ("", 127, "no program ''; name the program to run"),
      ("./loop", 127, "no program './loop'; check the path, or build the program first"),
      ("./text/x", 127, "no program './text/x'; check the path, or build the program first"),
      ("./text", 126, "'./text' is not executable; build it, or set its mode with 'chmod +x'"),
      ("./folder", 126, "'./folder' is a directory; name the program in it"),
      ("./empty", 126, "'./empty' is an empty file; build the program again"),
      (
        "./orphan", 126,
        "'./orphan' is a script for '/no/such/interpreter', which is not there;"
          + " correct the script's first line, or install what it names"
      ),
      (
        "./damaged", 126,
        "'./damaged' is not a program that this machine can run;"
          + " name a program for this machine, \(machine)"
      ),
    ] as [(String, Int32, String)])
  func `a file that is no program`(_ word: String, _ status: Int32, _ line: String) throws {
    let run = try BuiltTool.run(["run", "--", word], in: Self.files.path)
    expect(run, .exited(status), errors: "tophash: error: \(line)\n")
  }

  // MARK: A program that cannot be checked

  @Test(
    arguments: [
      (
        .unchecked,
        "was built without exclusivity checks: nothing announces a change of 'Inventory.stock';"
          + " build it without '-enforce-exclusivity=unchecked', or use --force if it loads"
          + " code later"
      ),
      (
        .threadSanitizer,
        "is built with ThreadSanitizer, which cannot share a process with the probe;"
          + " build it without '--sanitize=thread'"
      ),
      (
        .addressSanitizer,
        "is built with AddressSanitizer, which cannot share a process with the probe;"
          + " build it without '--sanitize=address'"
      ),
      (
        .stripped,
        "holds its own copy of the Swift runtime, and no symbols to find it by;"
          + " leave it unstripped, or link it without '-static-stdlib'"
      ),
      (
        .staticPlain,
        "is fully static, so nothing can be loaded into it;"
          + " name a dynamically linked program, or use --force if it only starts one"
      ),
    ] as [(Program, String)])
  func `a build that cannot be checked`(_ program: Program, _ line: String) throws {
    let run = try BuiltTool.run([], program, ["say=never"])
    expect(run, .exited(126), errors: "tophash: error: '\(try program.word)' \(line)\n")
  }

  @Test(.enabled(if: Program.canBeFullyStatic, "the toolchain cannot link fully static programs"))
  func `a fully static Swift program`() throws {
    expect(
      try BuiltTool.run([], .fullyStatic, ["say=never"]), .exited(126),
      errors: """
        tophash: error: './fullyStatic' is fully static, so nothing can be loaded into it; \
        link it dynamically, or with '-static-stdlib' in place of a static SDK

        """)
  }

  @Test(
    arguments: [
      (4, 1, "is a 32-bit file; name a program"),
      (5, 2, "is a big-endian file; name a program"),
      (16, 1, "is an object file; name a program"),
      (18, foreignMachine, "is built for another processor; build it"),
    ] as [(Int, UInt8, String)])
  func `a program for another machine`(_ byte: Int, _ value: UInt8, _ line: String) throws {
    let directory = try TemporaryDirectory()
    var content = bytes(of: try Program.shop.path)
    content[byte] = value
    try Data(content).write(to: URL(filePath: directory.path + "/foreign"))
    chmod(directory.path + "/foreign", 0o755)
    expect(
      try BuiltTool.run(["run", "--", "./foreign"], in: directory.path), .exited(126),
      errors: "tophash: error: './foreign' \(line) for this machine, \(Self.machine)\n")
  }

  @Test(arguments: [0o4755, 0o2755] as [mode_t])
  func `a program with the privileges of another`(_ mode: mode_t) throws {
    let directory = try TemporaryDirectory()
    let copy = try directory.copy(Program.shop.path, as: "privileged")
    try #require(chmod(copy, mode) == 0)
    expect(
      try BuiltTool.run(["run", "--", "./privileged"], in: directory.path), .exited(126),
      errors: """
        tophash: error: './privileged' runs with other privileges than yours, and the system keeps \
        the probe out of it; check a copy without its setuid and setgid bits

        """)
  }

  @Test func `a runtime that nobody knows`() throws {
    expect(
      try BuiltTool.run([], .other), .exited(126), output: "other\n",
      errors: """
        tophash: error: the program ran unchecked: its Swift runtime is not one that this version \
        of Tophash knows; build it with another toolchain, or get a newer Tophash

        """)
  }

  @Test func `a program without Swift runs, and it is said that nothing was checked`() throws {
    expect(
      try BuiltTool.run([], .plain), .exited(126), output: "plain\n",
      errors: """
        tophash: error: nothing was checked: no program with a Swift runtime ran; name a Swift \
        program, or a script that starts one

        """)
  }

  @Test func `the package manager is let alone, and it is said so`() throws {
    let swift = try #require(Tool.path("swift"))
    let run = try BuiltTool.run(["run", "--", swift, "--version"])
    #expect(run.end == .exited(126))
    #expect(
      run.errors.hasSuffix(
        """
        tophash: error: nothing was checked: '\(swift)' is a part of the toolchain, which is let \
        alone, and it started no program with a Swift runtime; name the program itself

        """))
  }

  @Test func `a program of the toolchain that starts no others is checked`() throws {
    let format = try #require(Tool.path("swift-format"))
    let run = try BuiltTool.run(["run", "--", format, "--version"])
    #expect(run.end == .exited(0))
    #expect(run.errors.hasPrefix("tophash: nothing found in 1 process\n"))
  }

  @Test(arguments: ["run", "profile", "explore"])
  func `a limit for the size of files is told before the program starts`(_ command: String) throws {
    let run = try Command(
      path: #require(Tool.path("sh")),
      arguments: [
        "-c", "ulimit -f 100; exec \"$@\"", "sh", BuiltTool.path, command, "--",
        try Program.shop.path, "say=never",
      ]
    ).run()
    expect(
      run, .exited(70),
      errors: """
        tophash: error: the probe's files may not be as large as they have to: File too large; \
        allow files of 4 MiB, as with 'ulimit -f unlimited'

        """)
  }

  @Test(.enabled(if: canMount, "nobody may mount a file system here"))
  func `a temporary folder without room is told before the program starts`() throws {
    let directory = try TemporaryDirectory()
    for command in [["run"], ["profile"], ["explore", "--schedules", "1"]] {
      let words = [BuiltTool.path] + command + ["--", try Program.shop.path, "say=never"]
      let run = try Command(
        path: #require(Tool.path("unshare")),
        arguments: [
          "-m", "sh", "-c", "mount -t tmpfs -o size=64k none \"$TMPDIR\" && exec \"$@\"", "sh",
        ] + words, environment: ["TMPDIR": directory.path]
      ).run()
      expect(
        run, .exited(70),
        errors: """
          tophash: error: '\(directory.path)' has no room for the probe's files: No space left on \
          device; make room there, or set TMPDIR to a directory with 4 MiB for each process

          """)
    }
  }

  private static let canMount =
    (try? Tool.run("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt")) != nil

  @Test func `a program without Swift that fails keeps its status`() throws {
    let run = try BuiltTool.run([], .plain, ["fail"])
    #expect(run.end == .exited(1))
    #expect(run.errors.hasPrefix("tophash: error: nothing was checked: "))
  }

  @Test func `a child that cannot be checked is named`() throws {
    let child = try Program.threadSanitizer.path
    expect(
      try BuiltTool.run(["run", "--", "/bin/sh", "-c", "\(child) say=child; exit 0"]),
      .exited(126), output: "child\n",
      errors: """
        tophash: error: '\(child)' ran unchecked: it is built with a sanitizer, which cannot share \
        a process with the probe; build it without '--sanitize'

        """)
  }

  @Test func `force runs what seems to have nothing to check`() throws {
    let run = try BuiltTool.run(["--force", "--quiet"], .unchecked, ["race", "say=run"])
    expect(run, output: "run\n")
  }

  // MARK: The tool's own files

  @Test(arguments: [
    ("/no/such/folder/report", "No such file or directory"),
    ("/", "Is a directory"),
  ])
  func `an output that cannot be opened stops before the program starts`(
    _ path: String, _ reason: String
  ) throws {
    expect(
      try BuiltTool.run(["--output", path], .shop, ["say=never"]), .exited(70),
      errors: """
        tophash: error: '\(path)' cannot be written: \(reason); name another file for --output

        """)
  }

  @Test(arguments: ["--coverage", "--write-baseline"])
  func `a file that cannot be written is told with the option that named it`(
    _ option: String
  ) throws {
    expect(
      try BuiltTool.run([option, "/no/such/folder/x"], .shop, ["say=never"]), .exited(70),
      errors: """
        tophash: error: '/no/such/folder/x' cannot be written: No such file or directory; name \
        another file for \(option)

        """)
  }

  @Test func `an output in a folder that may not be written`() throws {
    // Nobody makes files there, not even root.
    let path = "/sys/report"
    try #require(open(path, O_WRONLY | O_CREAT, 0o600) < 0)
    let reason = String(cString: strerror(errno))
    expect(
      try BuiltTool.run(["--output", path], .shop, ["say=never"]), .exited(70),
      errors: """
        tophash: error: '\(path)' cannot be written: \(reason); name another file for --output

        """)
  }

  @Test func `a report that finds the disk full goes to standard output`() throws {
    let run = try BuiltTool.run(["--quiet", "--output", "/dev/full"], .shop, ["race"])
    #expect(run.end == .exited(70))
    #expect(run.output.hasPrefix("race (caught): two threads changed Inventory.stock"))
    #expect(
      run.errors == """
        tophash: error: '/dev/full' could not be written: No space left on device; the report is \
        on standard output instead

        """)
  }

  @Test func `a report that finds standard output full goes to standard error`() throws {
    var command = try BuiltTool.command(["run", "--quiet", "--", Program.shop.path, "race"])
    command.output = "/dev/full"
    let run = try command.run()
    #expect(run.end == .exited(70))
    #expect(run.errors.hasPrefix("race (caught): two threads changed Inventory.stock"))
    #expect(
      run.errors.hasSuffix(
        """
        tophash: error: the report could not be written to standard output: No space left on \
        device; it is on standard error instead; use --output to keep it in a file

        """))
  }

  @Test func `a temporary folder that is not there`() throws {
    expect(
      try BuiltTool.run([], .shop, ["say=never"], environment: ["TMPDIR": "/no/such/folder"]),
      .exited(70),
      errors: """
        tophash: error: no directory for the probe's files can be made in '/no/such/folder': No \
        such file or directory; set TMPDIR to a directory that can be written

        """)
  }

  @Test(arguments: [
    ("/no/such/library", "cannot be read"),
    ("/", "is no probe library for this machine"),
    ("/etc/passwd", "is no probe library for this machine"),
    ("/proc/self/exe", "is no probe library for this machine"),
  ])
  func `a probe library that is none`(_ path: String, _ reason: String) throws {
    expect(
      try BuiltTool.run(
        [], .shop, ["say=never"], environment: ["TOPHASH_PROBE_LIBRARY": path]), .exited(70),
      errors: """
        tophash: error: TOPHASH_PROBE_LIBRARY names '\(path)', which \(reason); correct or unset it

        """)
  }

  @Test func `a tool that stands alone`() throws {
    let directory = try TemporaryDirectory()
    let tool = try directory.copy(BuiltTool.path, as: "tophash")
    let program = try Program.shop.path
    expect(
      try Command(path: tool, arguments: ["run", "--", program, "say=never"]).run(), .exited(70),
      errors: """
        tophash: error: the probe library libTophashProbe.so is neither beside tophash nor in \
        ../lib; install it there, or name it in TOPHASH_PROBE_LIBRARY

        """)
    expect(
      try Command(path: tool, arguments: ["run"]).run(), .exited(64),
      errors: """
        tophash: error: no program was named, and the example is not beside tophash; write \
        'tophash run -- PROGRAM'

        """)
  }

  // MARK: Usage

  @Test(arguments: [
    (["nosuch"], "unexpected argument 'nosuch'; see 'tophash --help'"),
    (["run", "--quite"], "unknown option '--quite'; did you mean '--quiet'?"),
    (
      ["run", "--no-such-option"],
      "unknown option '--no-such-option'; write '--' before a program whose name starts so"
    ),
    (
      ["run", "--reporter", "text,xml"],
      "there is no reporter 'xml'; known are text, xcode, json, sarif, junit, github, gitlab,"
        + " markdown, html"
    ),
    (
      ["run", "--reporter", "sarif,json", "/bin/sh"],
      "sarif and json would share standard output; write '--output sarif=FILE'"
    ),
    (
      ["run", "--color", "blue"],
      "the value 'blue' is invalid for '--color <color>'; please provide one of 'auto', 'always'"
        + " or 'never'"
    ),
    (
      ["run", "--output", ""],
      "'--output' takes a path, or NAME=PATH with a reporter's name, not ''; see 'tophash run --help'"
    ),
    (["run", "--output"], "missing value for '--output <file>'; see 'tophash run --help'"),
    (
      ["run", "--trap-budget", "much"],
      "the value 'much' is invalid for '--trap-budget <percent>'; see 'tophash run --help'"
    ),
    (
      ["run", "--trap-budget", "-1"],
      "'--trap-budget' takes a percentage from 0 to 100, not '-1'; see 'tophash run --help'"
    ),
    (
      ["run", "--trap-budget", "100.5"],
      "'--trap-budget' takes a percentage from 0 to 100, not '100.5'; see 'tophash run --help'"
    ),
    (
      ["run", "--trap-budget", "nan"],
      "'--trap-budget' takes a percentage from 0 to 100, not 'nan'; see 'tophash run --help'"
    ),
    (
      ["run", "--seed", "-7"],
      "missing value for '--seed <number>'; see 'tophash run --help'"
    ),
  ])
  func `wrong usage`(_ arguments: [String], _ line: String) throws {
    expect(try BuiltTool.run(arguments), .exited(64), errors: "tophash: error: \(line)\n")
  }

  @Test(arguments: [
    ("colour=never", "unknown key 'colour'; did you mean 'color'?"),
    ("quite", "unknown key 'quite'; did you mean 'quiet'?"),
    (
      "verbose",
      "unknown key 'verbose'; known are reporter, output, suppressions, baseline, write-baseline, quiet,"
        + " halt-on-finding, color,"
        + " trap-budget, no-traps, detect, strict, hook, seed, runs, traps, coverage, symbolizer,"
        + " force"
    ),
    (
      "seed=7:reporter=xml",
      "'reporter' takes names of text, xcode, json, sarif, junit, github, gitlab, markdown, html,"
        + " between commas, not 'xml'; write 'reporter=…'"
    ),
    (
      "output=srif=x",
      "'output' takes a path, or NAME=PATH with a reporter's name, not 'srif=x'; write 'output=…'"
    ),
    ("quiet=perhaps", "'quiet' takes true or false, not 'perhaps'; write 'quiet=…'"),
    (
      "output",
      "'output' takes a path, or NAME=PATH with a reporter's name, and has no value; write 'output=…'"
    ),
    (
      "output=",
      "'output' takes a path, or NAME=PATH with a reporter's name, not ''; write 'output=…'"
    ),
    ("seed=-1", "'seed' takes a whole number, not '-1'; write 'seed=…'"),
    (
      "trap-budget=101",
      "'trap-budget' takes a percentage from 0 to 100, not '101'; write 'trap-budget=…'"
    ),
    (
      "trap-budget=nan",
      "'trap-budget' takes a percentage from 0 to 100, not 'nan'; write 'trap-budget=…'"
    ),
  ])
  func `a variable with wrong options`(_ options: String, _ line: String) throws {
    expect(
      try BuiltTool.run([], .shop, ["say=never"], environment: ["TOPHASH_OPTIONS": options]),
      .exited(64), errors: "tophash: error: TOPHASH_OPTIONS: \(line)\n")
  }
}
