import Testing
import TophashTestSupport

/// What the tool says of itself.
@Suite struct HelpTests {
  static let rootHelp = """
    OVERVIEW: Finds tasks that touch one Swift collection at the same time.

    Checks unmodified programs while they run, and says which variable, which two
    lines and which two tasks.

    USAGE: tophash <subcommand>

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    SUBCOMMANDS:
      run                     Run a program, and report tasks that touch one
                              variable at the same time.
      test                    Run a package's tests, and report the tests whose
                              tasks conflict.
      report                  Merge, convert and compare saved reports.
      watch                   Run a program, and name every write to a variable.
      profile                 Run a program, and show where its threads and tasks
                              wait for each other.
      trace                   Run a program, and record what its threads and tasks
                              do over time.
      inspect                 List what can be seen of a program's variables, and
                              why the rest cannot.
      explore                 Run a program in many orders of its threads, and
                              replay the one that fails.
      replay                  Run a program again in the order that a schedule file
                              says.
      explain                 Explain a rule, or another way to misuse a shared
                              variable.
      gallery                 Show the misuses of a shared dictionary, and which
                              method notices which.
      config                  Show the options in force, and where each comes from.
      manual                  Print the manual: the help of all commands in one
                              page.

      See 'tophash help <subcommand>' for detailed help.

    """

  static let watchHelp = """
    OVERVIEW: Run a program, and name every write to a variable.

    The program is not rebuilt, and costs nothing while the variable is left alone:
    the processor compares each address by itself. It has room for four variables,
    or four objects of one. A variable is named as in a report, Cache.entries or
    Main.count; or by the fingerprint of a finding in a saved report, T-01082847;
    or by its address as 'nm' shows it, 0x52b8. Of a variable that holds a
    FailFastDictionary, Cache.entries["alice"] is the entry of that key, wherever
    it moves, and Cache.entries["alice"].control are the control bytes of its
    bucket.

    Plain integers, references and lazy properties of release builds are seen, too.
    Of a value of more than 8 bytes the first 8 are watched: of a collection that
    is all, of a String it is its length.

    With --confirm whoever changes the variable is held for a moment. Who comes
    meanwhile races with that change: it is reported as 'tophash run' reports what
    it caught.

    EXIT STATUS
      the program's own  the variable was watched (ended by the same signal, if by
    one)
      64                 wrong usage
      66                 with --confirm: something was caught
      70                 tophash itself failed
      126                the program cannot be run, or the variable not be watched
      127                there is no such program, or no such variable in it

    USAGE: tophash watch [<options>] <variable> -- <program> [<argument> ...]

    ARGUMENTS:
      <variable>              The variable.
      <program>               The program and its arguments, behind '--'.

    OPTIONS:
      --reporter <reporter>   Form of the report: text or json. (values: text,
                              json; default: text)
      --output <file>         Write the report to a file in place of standard
                              output.
      --quiet                 Print nothing but the report and errors.
      --reads                 Name reads, too.
      --confirm               Hold whoever changes it, to catch the other side.
      --limit <number>        Stop watching after so many uses.
      --rate <number>         Watch no more than so many uses per second; then
                              pause until the next.
      --thread <name>         Only uses by threads of this name.
      --object <n>            Only the n-th object that is made.
      --last <number>         Tell the last uses one by one. (default: 5)
      --method <method>       By the processor, through the runtime's checks, or by
                              what is allowed: hardware, software or auto. (values:
                              auto, hardware, software; default: auto)
      --image <file>          The program or library that holds the variable, if
                              <program> only starts it.
      --report <file>         The saved JSON report in which a fingerprint is
                              looked up.
      --symbolizer <path>     The llvm-symbolizer to use.
      --also <variable>       Watch another variable as well: up to three.
      --version               Show the version.
      -h, --help              Show help information.


    """

  static let runHelp = """
    OVERVIEW: Run a program, and report tasks that touch one variable at the same
    time.

    The program is not rebuilt. Its input, output, signals and exit status pass
    through untouched; findings go to standard output after it has ended,
    everything else to standard error. Processes that it starts are checked too.
    Without a program, a bundled example is run.

    Options can also be given, with the names below, as 'key: value' lines in a
    file .tophash.yml, in this directory or one above it; and in TOPHASH_OPTIONS,
    as key=value pairs between colons: TOPHASH_OPTIONS=reporter=json:seed=7:quiet.
    A colon that belongs to a value is written '\\:'. The variable wins over the
    file, the command line over both; 'tophash config' shows what came of them.

    EXIT STATUS
      the program's own  nothing was found (ended by the same signal, if by one)
      64                 wrong usage
      65                 a configuration, suppression or baseline file is wrong
      66                 something was caught, whatever the program's own status
                         was; with --strict, something unordered as well
      70                 tophash itself failed
      126                the program cannot be run, or cannot be checked
      127                there is no such program

    USAGE: tophash run [<options>] [--] [<program> [<argument> ...]]

    ARGUMENTS:
      <program>               The program and its arguments.

    \(checkOptions)
    """

  static let testHelp = """
    OVERVIEW: Run a package's tests, and report the tests whose tasks conflict.

    Builds the tests as 'swift test' does, and runs them under the probe: XCTest
    and Swift Testing, in parallel or not. The package manager and the compiler are
    left alone. What 'swift test' prints passes through untouched; findings follow
    on standard output, each with the test that both tasks belong to, or with the
    two tests that disturb each other.

    Arguments that are not listed below are those of 'swift test': --filter,
    --parallel, -c release and so on. They come last.

    Unlike 'tophash run', this also looks for accesses that nothing was seen to
    order (--detect caught leaves them out), and keeps what it learned in
    .tophash/traps.json, which the next run, and a cache of CI, can begin with.

    EXIT STATUS
      that of 'swift test'  nothing was found; or the tests could not be built
      64                    wrong usage
      65                    a configuration, suppression or baseline file is wrong
      66                    something was caught, whatever the tests' own result
                            was; with --strict, something unordered as well
      70                    tophash itself failed
      126                   the tests cannot be checked
      127                   there is no 'swift'

    USAGE: tophash test [<options>] [--] [<swift test argument> ...]

    ARGUMENTS:
      <arguments>             The arguments of 'swift test'.

    \(checkOptions)
    """

  /// The options of every command that checks a program.
  static let checkOptions = """
    OPTIONS:
      --config <file>         Read options from a file. (default: the nearest
                              .tophash.yml, if there)
      --reporter <name>       Forms of the report, between commas. (default: text)
                              (values: text, xcode, json, sarif, junit, github,
                              gitlab, markdown, html)
      --output <file>         Write the report to a file in place of standard
                              output; NAME=FILE for one form of several
                              (repeatable).
      --suppressions <file>   Leave out what this file suppresses (repeatable).
                              (default: .tophash-suppressions, if there)
      --baseline <file>       Leave out the findings that this baseline holds.
      --write-baseline <file> Write a baseline of what is found; where there is
                              one, take out of it what is not.
      --quiet                 Print nothing but findings and errors.
      --halt-on-finding       Stop the program at its first finding.
      --color <color>         Colour the text report. (default: auto) (values:
                              auto, always, never)
      --trap-budget <percent> Share of run time that traps may hold accesses open.
                              (default: 10)
      --no-traps              Hold no access open: find only what meets by itself.
      --detect <detect>       What is looked for. (default: caught; in tests,
                              unordered) (values: caught, unordered)
      --strict                Exit with 66 for unordered findings, too.
      --hook <hook>           How accesses are seen. (default: auto) (values: auto,
                              interpose)
      --seed <number>         Repeat the choices of an earlier run, as its report
                              says.
      --runs <number>         Run the program so many times, each with what those
                              before learned. (default: 1)
      --traps <file>          Keep what was learned in a file, for the next run.
                              (default: .tophash/traps.json; for 'run', if there)
      --coverage <file>       Write which variables and sites ran, and which
                              several tasks used ('-': to standard output; *.json:
                              as JSON).
      --symbolizer <path>     The llvm-symbolizer to use.
      --force                 Run a program that seems to have nothing to check.
      --version               Show the version.
      -h, --help              Show help information.


    """

  static let reportHelp = """
    OVERVIEW: Merge, convert and compare saved reports.

    Reads reports that 'tophash run --reporter json' wrote ('-': standard input),
    puts them together, and writes the whole in any form. What was found in several
    of them is one finding.

    EXIT STATUS
      0   nothing was found that somebody has to look at
      64  wrong usage
      65  a file is missing, damaged, or of another version
      66  something caught is left; with --strict, something unordered as well;
          with --new-only or --baseline, only what was not there before counts
      70  tophash itself failed

    USAGE: tophash report [<options>] <file> ...

    ARGUMENTS:
      <file>                  Saved reports, in JSON.

    OPTIONS:
      --reporter <name>       Forms of the report, between commas. (default: text)
                              (values: text, xcode, json, sarif, junit, github,
                              gitlab, markdown, html)
      --output <file>         Write the report to a file in place of standard
                              output; NAME=FILE for one form of several
                              (repeatable).
      --suppressions <file>   Leave out what this file suppresses (repeatable).
                              (default: .tophash-suppressions, if there)
      --baseline <file>       Leave out the findings that this baseline holds.
      --write-baseline <file> Write a baseline of what is found; where there is
                              one, take out of it what is not.
      --quiet                 Print nothing but findings and errors.
      --color <color>         Colour the text report. (default: auto) (values:
                              auto, always, never)
      --strict                Exit with 66 for unordered findings, too.
      --compare <file>        Say what is new, still there and gone since an
                              earlier report (repeatable).
      --new-only              Leave out what --compare or --baseline knows already.
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test(arguments: [["report", "--help"], ["help", "report"]])
  func `the help of report`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.reportHelp)
  }

  @Test(arguments: [[], ["--help"], ["-h"], ["help"]])
  func `the tool's help`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.rootHelp)
  }

  @Test(arguments: [
    ["run", "--help"], ["run", "-h"], ["run", "--quiet", "--help"], ["help", "run"],
  ])
  func `the help of run`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.runHelp)
  }

  @Test(arguments: [
    ["test", "--help"], ["test", "-h"], ["test", "--quiet", "--help"], ["help", "test"],
  ])
  func `the help of test`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.testHelp)
  }

  @Test(arguments: [["watch", "--help"], ["help", "watch"]])
  func `the help of watch`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.watchHelp)
  }

  @Test(arguments: [["--version"], ["run", "--version"], ["test", "--version"]])
  func version(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: "tophash 0.1.0\n")
  }

  @Test(arguments: ["--help", "-h", "--version", "--quiet", "--no-such-option"])
  func `what follows the program is the program's`(_ word: String) throws {
    let run = try BuiltTool.run(["--quiet"], .shop, [word, "exit=3"])
    expect(run, .exited(3), output: "[\(word)]\n")
  }
}

/// Expects the whole of a run: how it ended, and both outputs.
func expect(
  _ run: Command.Result, _ end: End = .exited(0), output: String = "", errors: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(run.end == end, sourceLocation: sourceLocation)
  #expect(run.output == output, sourceLocation: sourceLocation)
  #expect(run.errors == errors, sourceLocation: sourceLocation)
}
