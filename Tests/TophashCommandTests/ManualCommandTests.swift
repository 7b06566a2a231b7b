import Testing
import TophashTestSupport

/// `tophash manual`, and the shells' completions: both are made from the help.
@Suite struct ManualCommandTests {
  static let help = """
    OVERVIEW: Print the manual: the help of all commands in one page.

    To read it: tophash manual | man -l -
    To install it: tophash manual > /usr/local/share/man/man1/tophash.1

    EXIT STATUS
      0    the manual was printed
      64   wrong usage
      70   tophash itself failed

    USAGE: tophash manual [<options>]

    OPTIONS:
      --form <form>           Form of the page. (values: man, markdown; default:
                              man)
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test(arguments: [["manual", "--help"], ["help", "manual"]])
  func `the help of manual`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.help)
  }

  @Test func `wrong usage`() throws {
    expect(
      try BuiltTool.run(["manual", "--form", "pdf"]), .exited(64),
      errors: """
        tophash: error: the value 'pdf' is invalid for '--form <form>'; please provide one of \
        'man' and 'markdown'

        """)
  }

  /// Commands, as the tool's help lists them.
  static let commands = HelpTests.rootHelp.matches(of: /\n  ([a-z]+)\s\s/).map { String($0.1) }

  @Test func `the page for man, from its head to the options of config`() throws {
    let page = try BuiltTool.run(["manual"]).output
    #expect(
      page.hasPrefix(
        #"""
        .TH TOPHASH 1 "" "tophash 0.1.0"
        .SH NAME
        tophash \- Finds tasks that touch one Swift collection at the same time.
        .SH SYNOPSIS
        .nf
        .B tophash run [<options>] [\-\-] [<program> [<argument> ...]]

        """#))
    #expect(
      page.contains(
        #"""
        .SH TOPHASH CONFIG
        Show the options in force, and where each comes from.
        .PP
        Takes the options of 'tophash run' or of 'tophash test', reads the same configuration \#
        file and the same TOPHASH_OPTIONS, and prints what came of them: one option a line, with \#
        the flag, the \#
        variable or the line of the file that gave it. The text is itself a configuration file: \#
        save it as .tophash.yml and change what you like.
        .PP
        Each place wins over those before it: defaults, .tophash.yml, TOPHASH_OPTIONS, the \#
        command line. Relative paths in a file begin where the file is. '\-\-config /dev/null' \#
        reads none.
        .SS Exit status
        .nf
          0    all options are right
          64   wrong usage, or a wrong value in TOPHASH_OPTIONS
          65   the configuration file is wrong
          70   tophash itself failed
        .fi
        .SS Options
        .TP
        .B \-\-config <file>
        Read options from a file. (default: the nearest .tophash.yml, if there)
        .TP

        """#))
    // Nothing but the macros begins with a dot.
    let macros: Set = [".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi"]
    for line in page.split(separator: "\n") where line.hasPrefix(".") {
      #expect(macros.contains(String(line.prefix { $0 != " " })), "\(line)")
    }
  }

  @Test func `every command and every option is in both forms`() throws {
    let man = try BuiltTool.run(["manual"]).output.replacing("\\-", with: "-")
    let markdown = try BuiltTool.run(["manual", "--form", "markdown"]).output
    #expect(Self.commands.count >= 5)
    #expect(man.contains("\n.SH TOPHASH GALLERY MATRIX\n"))
    #expect(markdown.contains("\n## tophash gallery matrix\n"))
    for command in Self.commands {
      #expect(man.contains("\n.SH TOPHASH \(command.uppercased())\n"))
      #expect(markdown.contains("\n## tophash \(command)\n"))
      let help = try BuiltTool.run([command, "--help"]).output
      let options = help.matches(of: /\n  (?:-h, )?(--[a-z-]+)/).map { String($0.1) }
      // A command with commands of its own has no more than these.
      #expect(options.count >= 2)
      let pages = [
        try section(of: man, "\n.SH TOPHASH \(command.uppercased())\n", "\n.SH "),
        try section(of: markdown, "\n## tophash \(command)\n", "\n## "),
      ]
      for (page, option) in pages.flatMap({ page in options.map { (page, $0) } }) {
        #expect(page.contains(option), "\(option) of \(command)")
      }
    }
  }

  private func section(of page: String, _ heading: String, _ next: String) throws -> Substring {
    let start = try #require(page.range(of: heading)).upperBound
    return page[
      start..<(page.range(of: next, range: start..<page.endIndex)?.lowerBound
        ?? page.endIndex)]
  }

  // MARK: Completions

  @Test(arguments: ["bash", "zsh", "fish"])
  func `completions for a shell`(_ shell: String) throws {
    let script = try BuiltTool.run(["--generate-completion-script", shell])
    #expect(script.end == .exited(0))
    for word in Self.commands + ["trap-budget", "check-then-act"] {
      #expect(script.output.contains(word))
    }
    guard let path = Tool.path(shell) else { return }
    let directory = try TemporaryDirectory()
    let file = try directory.write("completions", script.output)
    expect(try Command(path: path, arguments: ["-n", file]).run())
  }

  @Test func `no completions for another shell`() throws {
    expect(
      try BuiltTool.run(["--generate-completion-script", "tcsh"]), .exited(64),
      errors: """
        tophash: error: can't generate completion scripts for 'tcsh'; please use \
        --generate-completion-script=<shell> with one of: zsh bash fish

        """)
  }

  @Test(
    .enabled(if: Tool.path("bash") != nil, "there is no bash"),
    arguments: [
      (["tophash", "con"], "config"),
      (["tophash", "run", "--tr"], "--trap-budget --traps"),
      (["tophash", "run", "--reporter", "js"], "json"),
      (["tophash", "run", "--quiet", "--q"], ""),
      (["tophash", "inspect", "--si"], "--sites"),
      (["tophash", "config", "--detect", ""], "caught unordered"),
      (["tophash", "explain", "w"], "write-under-read-lock wrong-lock"),
      (["tophash", "manual", "--form", "ma"], "man markdown"),
    ])
  func `what bash offers`(_ words: [String], _ offers: String) throws {
    let script = try BuiltTool.run(["--generate-completion-script", "bash"]).output
    let quoted = words.map { "'\($0)'" }.joined(separator: " ")
    let line = words.joined(separator: " ")
    let program =
      script + """

        COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
        COMP_LINE='\(line)'; COMP_POINT=\(line.count)
        _tophash tophash '\(words[words.count - 1])' '\(words[words.count - 2])'
        echo "${COMPREPLY[*]}"
        """
    let directory = try TemporaryDirectory()
    let file = try directory.write("complete", program)
    expect(
      try Command(path: #require(Tool.path("bash")), arguments: [file]).run(),
      output: offers + "\n")
  }
}
