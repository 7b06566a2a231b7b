import Foundation
import Testing
import TophashTestSupport

/// `.tophash.yml`, and `tophash config`, which shows what came of it.
@Suite struct ConfigCommandTests {
  static let help = """
    OVERVIEW: Show the options in force, and where each comes from.

    Takes the options of 'tophash run' or of 'tophash test', reads the same
    configuration file and the same TOPHASH_OPTIONS, and prints what came of them:
    one option a line, with the flag, the variable or the line of the file that
    gave it. The text is itself a configuration file: save it as .tophash.yml and
    change what you like.

    Each place wins over those before it: defaults, .tophash.yml, TOPHASH_OPTIONS,
    the command line. Relative paths in a file begin where the file is. '--config
    /dev/null' reads none.

    EXIT STATUS
      0    all options are right
      64   wrong usage, or a wrong value in TOPHASH_OPTIONS
      65   the configuration file is wrong
      70   tophash itself failed

    USAGE: tophash config [<options>] [run | test]

    ARGUMENTS:
      <command>               The command whose options are shown. (values: run,
                              test; default: run)


    """

  @Test(arguments: [["config", "--help"], ["config", "-h"], ["help", "config"]])
  func `the help of config`(_ arguments: [String]) throws {
    // The same options as those of run.
    let start = try #require(HelpTests.runHelp.range(of: "OPTIONS:\n")).lowerBound
    expect(try BuiltTool.run(arguments), output: Self.help + HelpTests.runHelp[start...])
  }

  static let defaults = """
    reporter: text          # default
    # output:               # default
    # suppressions:         # default
    # baseline:             # default
    # write-baseline:       # default
    quiet: false            # default
    halt-on-finding: false  # default
    color: auto             # default
    trap-budget: 10         # default
    no-traps: false         # default
    detect: caught          # default
    strict: false           # default
    hook: auto              # default
    # seed:                 # default
    runs: 1                 # default
    # traps:                # default
    # coverage:             # default
    # symbolizer:           # default
    force: false            # default

    """

  /// Runs `tophash config` in a directory.
  private func config(
    _ arguments: [String] = [], variable: String? = nil, in directory: String
  ) throws -> Command.Result {
    try BuiltTool.run(
      ["config"] + arguments, environment: variable.map { ["TOPHASH_OPTIONS": $0] } ?? [:],
      in: directory)
  }

  /// What was printed, with two spaces before each origin.
  private func lines(_ run: Command.Result) -> [String] {
    run.output.split(separator: "\n").map { String($0.replacing(/\s+#(?= [^#]*$)/, with: "  #")) }
  }

  // MARK: What is in force

  @Test func `without a word from anybody, the defaults`() throws {
    let directory = try TemporaryDirectory()
    expect(try config(in: directory.path), output: Self.defaults)
  }

  @Test func `the command's own defaults`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".tophash.yml", "detect: caught\n")
    #expect(
      try lines(config(["test", "--config", "/dev/null"], in: directory.path))
        .filter { Self.defaults.replacing(/\s+#/, with: "  #").contains($0) == false }
        == ["detect: unordered  # default", "traps: .tophash/traps.json  # default"])
    #expect(
      try lines(config(["test"], in: directory.path))
        .contains("detect: caught  # .tophash.yml:1:9"))
  }

  @Test func `each place wins over those before it, and is named`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      ".tophash.yml",
      """
      # What CI wants.
      reporter: json
      seed:   5
      quiet: yes
      trap-budget: 2.5
      no-traps: false
      """)
    let run = try config(
      ["--seed", "9", "--strict", "--no-traps"], variable: "quiet=0:seed=7", in: directory.path)
    expect(
      run,
      output: """
        reporter: json          # .tophash.yml:2:11
        # output:               # default
        # suppressions:         # default
        # baseline:             # default
        # write-baseline:       # default
        quiet: false            # TOPHASH_OPTIONS
        halt-on-finding: false  # default
        color: auto             # default
        trap-budget: 2.5        # .tophash.yml:5:14
        no-traps: true          # --no-traps
        detect: caught          # default
        strict: true            # --strict
        hook: auto              # default
        seed: 9                 # --seed
        runs: 1                 # default
        # traps:                # default
        # coverage:             # default
        # symbolizer:           # default
        force: false            # default

        """)
  }

  @Test func `every option of run can be given in each place`() throws {
    let directory = try TemporaryDirectory()
    let values = [
      "reporter": "json", "output": "o", "color": "never", "trap-budget": "7",
      "detect": "unordered",
      "hook": "interpose", "seed": "3", "runs": "2", "traps": "t", "coverage": "c",
      "symbolizer": "s", "suppressions": "p", "baseline": "b", "write-baseline": "w",
    ]
    let keys = HelpTests.runHelp.matches(of: /\n  --([a-z-]+)/).map { String($0.1) }
      .filter { $0 != "version" && $0 != "config" }
    #expect(keys.count == 19)
    func expected(_ origin: (String) -> String) -> [String] {
      keys.map { key in "\(key): \(values[key] ?? "true")  # \(origin(key))" }
    }
    let flags = keys.flatMap { ["--\($0)"] + (values[$0].map { [$0] } ?? []) }
    #expect(try lines(config(flags, in: directory.path)) == expected { "--\($0)" })

    let variable = keys.map { key in values[key].map { "\(key)=\($0)" } ?? key }
    #expect(
      try lines(config(variable: variable.joined(separator: ":"), in: directory.path))
        == expected { _ in "TOPHASH_OPTIONS" })

    try directory.write(
      ".tophash.yml", keys.map { "\($0): \(values[$0] ?? "true")\n" }.joined())
    #expect(
      try lines(config(in: directory.path))
        == expected { ".tophash.yml:\(keys.firstIndex(of: $0)! + 1):\($0.count + 3)" })
  }

  @Test func `the program is run with what the file says`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("ci.yml", "reporter: json\nquiet: true\nno-traps: true\n")
    let run = try BuiltTool.run(["--config", file], .shop, ["race"])
    #expect(run.end == .exited(66))
    #expect(run.errors.isEmpty)
    #expect(try JSONValue(run.output)["findings"].array.count == 1)
  }

  // MARK: Which file

  @Test func `the nearest file above is read, and its paths begin beside it`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".tophash.yml", "traps: far.json\n")
    try directory.write(
      "package/.tophash.yml", "traps: ci/traps.json\noutput: /tmp/report\ncoverage: '-'\n")
    try directory.write("package/Sources/App/main.swift", "")
    let lines = try lines(config(in: directory.path + "/package/Sources/App"))
    #expect(lines.contains("traps: ../../ci/traps.json  # ../../.tophash.yml:1:8"))
    #expect(lines.contains("output: /tmp/report  # ../../.tophash.yml:2:9"))
    #expect(lines.contains("coverage: \"-\"  # ../../.tophash.yml:3:11"))
    // Only the nearest one counts: no mixture of several.
    try directory.write("package/.tophash.yml", "quiet: true\n")
    #expect(try self.lines(config(in: directory.path + "/package")).contains("# traps:  # default"))
  }

  @Test func `a file can be named, and none`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(".tophash.yml", "seed: 1\n")
    try directory.write("ci/a.yml", "seed: 2\ntraps: t.json\n")
    func seed(_ arguments: [String], _ variable: String? = nil) throws -> String {
      try lines(config(arguments, variable: variable, in: directory.path))
        .first { $0.contains("seed:") } ?? ""
    }
    #expect(try seed([]) == "seed: 1  # .tophash.yml:1:7")
    #expect(try seed(["--config", "ci/a.yml"]) == "seed: 2  # ci/a.yml:1:7")
    #expect(try seed([], "config=ci/a.yml") == "seed: 2  # ci/a.yml:1:7")
    #expect(
      try seed(["--config", ".tophash.yml"], "config=ci/a.yml:seed=3:seed=4")
        == "seed: 4  # TOPHASH_OPTIONS")
    #expect(try seed(["--config", "/dev/null"]) == "# seed:  # default")
    #expect(
      try config(["--config", "ci/a.yml"], in: directory.path).output
        .contains("traps: ci/t.json"))
  }

  @Test func `what a file may be like`() throws {
    let directory = try TemporaryDirectory()
    for text in ["", "\n", "# nothing\n", "---\n", "~\n", "{}", "---\n{}\n...\n", "\u{feff}"] {
      try directory.write(".tophash.yml", text)
      expect(try config(in: directory.path), output: Self.defaults)
    }
    for text in [
      "seed: 7", "'seed': '7'\r\n", "{seed: 7}", "? seed\n: 7\n", "%YAML 1.1\n---\nseed: 7\n...\n",
      "seed: >-\n  7\n", "seed: !!int 7",
    ] {
      try directory.write(".tophash.yml", text)
      #expect(try config(in: directory.path).output.contains("\nseed: 7 "), "\(text)")
    }
  }

  @Test func `what takes several values takes a list`() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      ".tophash.yml",
      """
      reporter: [text, sarif]
      output:
        - text=report.txt
        - sarif=ci/report.sarif
      suppressions: [one, /two]
      """)
    try directory.write("Sources/x", "")
    let lines = try lines(config(in: directory.path + "/Sources"))
    #expect(
      lines.prefix(3) == [
        "reporter: text,sarif  # ../.tophash.yml:1:11",
        "output: text=../report.txt,sarif=../ci/report.sarif  # ../.tophash.yml:3:3",
        "suppressions: ../one,/two  # ../.tophash.yml:5:15",
      ])
  }

  @Test func `what is printed is a configuration that says the same`() throws {
    let directory = try TemporaryDirectory()
    let paths = [
      "a", "-", "a b", "a: b", "a #b", "'", "\"\\", "~", "null", "[x]", "*x", "&x", "!x", "%x",
      "@x",
      "é\u{301}", "\u{1}\u{7f}\u{85}\u{2028}\u{feff}", "\t", "1e3", "yes", "#", "🦊", "a\nb", "..",
      "?",
    ]
    for path in paths {
      let first = try config(
        ["--output", path, "--runs", "3", "--strict"], in: directory.path)
      #expect(first.end == .exited(0))
      let file = try directory.write("saved.yml", first.output)
      let second = try config(["--config", "saved.yml"], in: directory.path)
      #expect(second.errors == "", "\(path)")
      func values(_ text: String) -> [Substring] {
        text.split(separator: "\n").map {
          $0[..<($0.range(of: " # ", options: .backwards)!.lowerBound)]
        }
        .map { $0.prefix($0.count - $0.reversed().prefix { $0 == " " }.count) }
      }
      #expect(values(second.output) == values(first.output), "\(file)")
    }
  }

  @Test func `the README's example is a configuration`() throws {
    let root = String(
      #filePath.dropLast("Tests/TophashCommandTests/ConfigCommandTests.swift".count))
    let example = try #require(
      text(of: root + "README.md").firstMatch(of: /```yaml\n(.*?)```/.dotMatchesNewlines())
    ).output.1
    let directory = try TemporaryDirectory()
    try directory.write(".tophash.yml", String(example))
    let lines = try lines(config(in: directory.path))
    #expect(lines.contains("strict: true  # .tophash.yml:2:9"))
  }

  // MARK: What is wrong

  @Test(
    arguments: [
      ("reportr: json", "1:1: unknown key 'reportr'; did you mean 'reporter'?"),
      ("quiet: true\n\n  # x\nsead: 1\n", "4:1: unknown key 'sead'; did you mean 'seed'?"),
      (
        "verbose: 1",
        "1:1: unknown key 'verbose'; known are reporter, output, suppressions, baseline,"
          + " write-baseline, quiet, halt-on-finding, color,"
          + " trap-budget, no-traps, detect, strict, hook, seed, runs, traps, coverage,"
          + " symbolizer, force"
      ),
      ("seed: -1", "1:7: 'seed' takes a whole number, not '-1'; write 'seed: …'"),
      ("quiet: 2", "1:8: 'quiet' takes true or false, not '2'; write 'quiet: …'"),
      ("quiet:", "1:7: 'quiet' takes true or false, and has no value; write 'quiet: …'"),
      ("quiet: ~", "1:8: 'quiet' takes true or false, and has no value; write 'quiet: …'"),
      (
        "color:\n  - auto",
        "2:3: 'color' takes auto or always or never, not a list; write 'color: …'"
      ),
      (
        "output: {a: b}",
        "1:9: 'output' takes a path, or NAME=PATH with a reporter's name, not a mapping;"
          + " write 'output: …'"
      ),
      (
        "output: ''",
        "1:9: 'output' takes a path, or NAME=PATH with a reporter's name, not '';"
          + " write 'output: …'"
      ),
      (
        "output: \"a\\0b\"",
        "1:9: 'output' takes a path, or NAME=PATH with a reporter's name, not 'a\\0b';"
          + " write 'output: …'"
      ),
      (
        "suppressions: [a, [b]]",
        "1:15: 'suppressions' takes a path, not a list; write 'suppressions: …'"
      ),
      (
        "trap-budget: 5 %",
        "1:14: 'trap-budget' takes a percentage from 0 to 100, not '5 %'; write 'trap-budget: …'"
      ),
      ("runs: 0", "1:7: 'runs' takes a number from 1 to 1000, not '0'; write 'runs: …'"),
      ("- quiet", "1:1: expected keys with values; write 'key: value', one a line"),
      ("quiet", "1:1: expected keys with values; write 'key: value', one a line"),
      ("? [a]\n: b", "1:3: a key has to be a word; write 'key: value', one a line"),
      ("seed: 1\nquiet: true\nseed: 2", "1:1: 'seed' is given more than once; keep one of them"),
      (
        "seed: 1\n\tquiet: true",
        "2:1: this is not YAML: found a tab character that violates indentation;"
          + " write 'key: value', one a line"
      ),
      (
        "seed: 'x\n",
        "2:1: this is not YAML: found unexpected end of stream; write 'key: value', one a line"
      ),
      (
        "seed: 1\n---\nseed: 2\n",
        "2:1: this is not YAML: but found another document; write 'key: value', one a line"
      ),
      (
        "seed: *none",
        "1:7: this is not YAML: found undefined alias; write 'key: value', one a line"
      ),
      (
        "seed: 1\ncolor: é\u{1}",
        "2:9: this is not YAML: control characters are not allowed; remove the character"
      ),
    ] as [(String, String)])
  func `a wrong file`(_ text: String, _ line: String) throws {
    let directory = try TemporaryDirectory()
    try directory.write(".tophash.yml", text)
    let expected = "tophash: error: .tophash.yml:\(line)\n"
    expect(try config(in: directory.path), .exited(65), errors: expected)
    // The same for a run, and before the program starts.
    expect(
      try BuiltTool.run(["run", "--", "/bin/echo"], in: directory.path), .exited(65),
      errors: expected)
  }

  @Test func `aliases that stand for more than a machine can hold`() throws {
    let directory = try TemporaryDirectory()
    var text = "a0: &a0 [x, x]\n"
    for level in 1..<30 {
      text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
    }
    try directory.write(".tophash.yml", text + "? *a29\n: 1\n")
    expect(
      try config(in: directory.path), .exited(65),
      errors: "tophash: error: .tophash.yml:18:12: more than 32 aliases; write the values out\n")
  }

  @Test func `a text that is not UTF-8`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(".tophash.yml", "")
    try Data(Array("seed: 1\n# ä".utf8) + [0xe4, 0x0a]).write(to: URL(filePath: file))
    expect(
      try config(in: directory.path), .exited(65),
      errors: "tophash: error: .tophash.yml:2:4: the text is not UTF-8; save it as UTF-8\n")
  }

  @Test func `a file that cannot be read`() throws {
    let directory = try TemporaryDirectory()
    func expectError(_ name: String, _ reason: String, _ arguments: [String]) throws {
      expect(
        try config(arguments, in: directory.path), .exited(65),
        errors: """
          tophash: error: the configuration '\(name)' cannot be read: \(reason); correct it, or \
          name another with --config

          """)
    }
    try expectError("no.yml", "No such file or directory", ["--config", "no.yml"])
    try expectError("", "No such file or directory", ["--config", ""])
    try expectError(".", "Is a directory", ["--config", "."])
    symlink("nowhere", directory.path + "/.tophash.yml")
    try expectError(".tophash.yml", "No such file or directory", [])
    unlink(directory.path + "/.tophash.yml")
    try directory.write(".tophash.yml/file", "")
    try expectError(".tophash.yml", "Is a directory", [])
    try directory.write("large.yml", String(repeating: "#", count: 2 << 20))
    try expectError("large.yml", "it is larger than 1 MiB", ["--config", "large.yml"])
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func `a stranger's file where everybody may write`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write(".tophash.yml", "seed: 7\n")
    try directory.write("package/x", "")
    try #require(chown(file, 12345, 12345) == 0 && chmod(directory.path, 0o1777) == 0)
    expect(
      try config(in: directory.path + "/package"), .exited(65),
      errors: """
        tophash: error: '../.tophash.yml' belongs to somebody else, in a directory where everybody \
        may write; remove it, or name it with --config

        """)
    let named = try config(["--config", "../.tophash.yml"], in: directory.path + "/package")
    #expect(named.output.contains("seed: 7 "))
    try #require(chmod(directory.path, 0o755) == 0)
    #expect(try config(in: directory.path + "/package").output.contains("seed: 7 "))
  }

  @Test(arguments: [
    (
      ["config", "x"],
      "the value 'x' is invalid for '<command>'; please provide one of 'run' and 'test'"
    ),
    (
      ["config", "--runs", "0"],
      "'--runs' takes a number from 1 to 1000, not '0'; see 'tophash run --help'"
    ),
    (["config", "--config"], "missing value for '--config <file>'; see 'tophash config --help'"),
  ])
  func `wrong usage`(_ arguments: [String], _ line: String) throws {
    expect(try BuiltTool.run(arguments), .exited(64), errors: "tophash: error: \(line)\n")
  }

  @Test func `damaged files are told by line and column`() throws {
    let directory = try TemporaryDirectory()
    let good = Array(
      "# all kinds\nreporter: json\nquiet: [no]\n'seed': \"7\"\ntraps: &a >-\n  t\n? runs\n: 2\n"
        .utf8)
    for bytes in mutations(of: good, in: 0..<good.count, seeds: 1..<150) {
      let file = URL(filePath: directory.path + "/.tophash.yml")
      try Data(bytes).write(to: file)
      let run = try config(in: directory.path)
      if run.end == .exited(0) {
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("force: false"))
      } else {
        #expect(run.end == .exited(65))
        #expect(run.output.isEmpty)
        let line = /tophash: error: \.tophash\.yml:\d+:\d+: [^\n]+; [^\n]+\n/
        #expect(run.errors.wholeMatch(of: line) != nil, "\(run.errors) \(bytes)")
      }
      #expect(try Data(contentsOf: file) == Data(bytes))
    }
  }
}
