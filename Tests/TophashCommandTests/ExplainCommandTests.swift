import Foundation
import Testing
import TophashTestSupport

/// `tophash explain`, and the truth of what it says: its programs are compiled and run.
@Suite struct ExplainCommandTests {
  static let help = """
    OVERVIEW: Explain a rule, or another way to misuse a shared variable.

    Says what happens in memory, why the usual excuses do not hold, and how to
    repair it: the shortest program that is wrong, the same program corrected, and
    what each repair costs. Without a name, lists what there is.

    EXIT STATUS
      0    it was explained
      64   wrong usage, or no such name
      70   tophash itself failed

    USAGE: tophash explain [<options>] [<name>]

    ARGUMENTS:
      <name>                  A rule, as a report names it, or one of the other
                              names in the list.

    OPTIONS:
      --color <color>         Colour the text. (default: auto) (values: auto,
                              always, never)
      --version               Show the version.
      -h, --help              Show help information.


    """

  @Test(arguments: [["explain", "--help"], ["help", "explain"]])
  func `the help of explain`(_ arguments: [String]) throws {
    expect(try BuiltTool.run(arguments), output: Self.help)
  }

  @Test func `the list of names`() throws {
    expect(
      try BuiltTool.run(["explain"]),
      output: """
        Rules
          concurrent-modification           Two tasks modify one variable
          concurrent-read-and-modification  A variable is read while another task
                                            modifies it
          storage-modification              Two tasks change one collection's storage in
                                            place

        Causes
          access-during-growth              A collection is read while it grows
          iteration-during-modification     A collection is modified while another task
                                            iterates over it
          rare-modification                 A variable that is read all the time is
                                            modified once in a while
          shared-by-escape                  A variable is shared without anybody having
                                            meant it

        Guarded, but not quite
          check-then-act                    What was checked has changed before the
                                            action
          write-under-read-lock             A variable is modified under a read lock
          state-flag                        A state flag is changed without atomics or a
                                            lock
          map-in-map                        A plain map inside a guarded one
          lazy-initialisation               Something is built when it is first needed,
                                            by two tasks
          wrong-lock                        Both sides take a lock, and not the same one

        'tophash explain NAME' explains one of them.

        """)
  }

  @Test(arguments: [
    (["nosuch"], "nothing is called 'nosuch'; 'tophash explain' lists the names"),
    (["rong-lock"], "nothing is called 'rong-lock'; did you mean 'wrong-lock'?"),
    (["growth"], "nothing is called 'growth'; did you mean 'access-during-growth'?"),
    ([""], "nothing is called ''; 'tophash explain' lists the names"),
    (["state-flag", "x"], "unexpected argument 'x'; see 'tophash explain --help'"),
  ])
  func `wrong usage`(_ arguments: [String], _ line: String) throws {
    expect(
      try BuiltTool.run(["explain"] + arguments), .exited(64), errors: "tophash: error: \(line)\n")
  }

  @Test func `a page is told in lines that fit a terminal, and colour changes no letter`() throws {
    let text = try BuiltTool.run(["explain", "state-flag"]).output
    #expect(
      text.hasPrefix(
        """
        A state flag is changed without atomics or a lock

          One task sets a `Bool` or a few bits, another one waits for them or changes
          others. Reported as `concurrent-read-and-modification` or
          `concurrent-modification`, in debug builds.

        The shortest racy program

              import Dispatch

              final class Download: @unchecked Sendable {
                var state = 0  // bit 0: paused; bit 1: finished
              }

        """))
    #expect(
      text.contains(
        "\n  - `Atomic`: the cheapest, and one operation at a time: what needs two "
          + "values\n    at once needs a lock.\n"))
    let painted = try BuiltTool.run(["explain", "state-flag", "--color", "always"]).output
    #expect(
      painted.hasPrefix("\u{1b}[1mA state flag is changed without atomics or a lock\u{1b}[0m\n"))
    #expect(painted.replacing(/\u{1b}\[[0-9;]*m/, with: "") == text)
  }

  // MARK: Every page

  /// What the corrected program of each page prints.
  static let outputs = [
    "access-during-growth": "/\n", "check-then-act": "1000\n",
    "concurrent-modification": "200000\n",
    "concurrent-read-and-modification": "100000\n", "iteration-during-modification": "16\n",
    "lazy-initialisation": "", "map-in-map": "200000\n", "rare-modification": "1\n",
    "shared-by-escape": "2000\n", "state-flag": "0\n", "storage-modification": "100\n",
    "write-under-read-lock": "", "wrong-lock": "",
  ]
  static let names = outputs.keys.sorted()

  @Test func `there is a page for every name, and no other`() throws {
    let listed = try BuiltTool.run(["explain"]).output.matches(of: /\n  ([a-z-]+)\s\s/)
    #expect(listed.map { String($0.1) }.sorted() == Self.names)
    let files = try FileManager.default.contentsOfDirectory(atPath: Page.directory)
    #expect(files.sorted() == Self.names.map { $0 + ".md" })
  }

  @Test(arguments: names)
  func `every page has what a learner needs`(_ name: String) throws {
    let page = Page(name)
    let shown = try BuiltTool.run(["explain", name])
    #expect(shown.end == .exited(0))
    let headings = page.text.matches(of: /\n## ([^\n]+)/).map { String($0.1) }
    #expect(headings.first?.hasPrefix("The shortest ") == true)
    #expect(headings.contains("What happens in memory"))
    #expect(headings.contains { $0.hasPrefix("Why ") })
    #expect(headings.suffix(2) == ["The correct twin", "What each fix costs"])
    #expect(headings.allSatisfy { shown.output.contains("\n\($0)\n") })
    for program in page.programs {
      #expect(
        shown.output.contains(
          program.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "      \($0)" }.joined(separator: "\n")))
    }
    #expect(shown.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(!shown.output.contains("**") && !shown.output.contains("```"))
    for reference in page.text.matches(of: /`tophash explain ([a-z-]+)`/) {
      #expect(Self.names.contains(String(reference.1)))
    }
  }

  @Test(arguments: names)
  func `the wrong program is reported, and its twin is silent`(_ name: String) throws {
    let page = Page(name)
    try #require(page.programs.count == 2)
    let directory = try TemporaryDirectory()
    let racy = try compile(page.programs[0], as: "racy", in: directory)
    // A program that is right passes the compiler's own check.
    let fixed = try compile(
      page.programs[1], as: "fixed", in: directory, ["-swift-version", "6", "-warnings-as-errors"])

    let silent = try run(fixed)
    #expect(silent.end == .exited(0))
    #expect(silent.output == Self.outputs[name])

    if name == "check-then-act" {
      #expect(try run(racy).end == .exited(0))
      #expect(page.text.contains("There is no finding"))
      return
    }
    // On a busy machine, the two sides may not even meet nearly.
    var headline: Substring?
    for _ in 0..<10 where headline == nil {
      headline = try run(racy).output.split(separator: "\n").first { $0.hasPrefix("race (caught)") }
    }
    let told = try #require(headline, "no finding in ten runs")
    let rule =
      told.contains("storage of")
      ? "storage-modification"
      : told.contains(" while another read it")
        ? "concurrent-read-and-modification" : "concurrent-modification"
    let introduction = page.text.prefix(upTo: page.text.range(of: "\n## ")!.lowerBound)
    #expect(introduction.contains("`\(rule)`"), "\(told)")
  }

  private func compile(
    _ program: String, as name: String, in directory: TemporaryDirectory, _ options: [String] = []
  ) throws -> String {
    let source = try directory.write("\(name).swift", program)
    let path = "\(directory.path)/\(name)"
    try Tool.run(["swiftc", "-g", source, "-o", path] + options)
    return path
  }

  private func run(_ program: String, _ options: [String] = []) throws -> Command.Result {
    // A racy one may crash; how is of no interest.
    try BuiltTool.run(
      ["run", "--quiet"] + options + ["--", program],
      environment: ["SWIFT_BACKTRACE": "enable=no"])
  }
}

/// The Markdown behind `tophash explain`.
struct Page {
  static let directory =
    String(#filePath.dropLast("Tests/TophashCommandTests/ExplainCommandTests.swift".count))
    + "Sources/TophashMisuses/Pages"

  let text: String

  init(_ name: String) { text = TophashTestSupport.text(of: "\(Self.directory)/\(name).md") }

  /// The wrong one, and the right one.
  var programs: [String] {
    text.matches(of: /```swift\n(.*?)```/.dotMatchesNewlines()).map { String($0.1) }
  }
}
