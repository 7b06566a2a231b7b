import Foundation
import Testing
import TophashTestSupport

/// `tophash report`: saved reports, and what a project lives with.
@Suite struct ReportCommandTests {
  private let folder: TemporaryDirectory

  init() throws {
    folder = try TemporaryDirectory()
    try Self.saved.get().write(to: URL(filePath: folder.path + "/race.json"))
  }

  /// The report of one race, made once, and changed by the tests.
  private static let saved = Result {
    let folder = try TemporaryDirectory()
    let file = folder.path + "/race.json"
    let run = try BuiltTool.run(
      ["--quiet", "--seed", "7", "--reporter", "json", "--output", file], .shop, ["race"])
    guard run.end == .exited(66) else { throw Command.Failure(reason: "\(run)") }
    return Data(bytes(of: file))
  }

  private func report(_ arguments: String...) throws -> Command.Result {
    try BuiltTool.run(["report"] + arguments, in: folder.path)
  }

  private static let race =
    "race (caught): two threads changed Inventory.stock : [String: Int] at the same time\n"
  private static let sight =
    "tophash: 2 accesses seen by patched entry points; 0 % have no end and cannot be caught\n"
    + "tophash: 0 near misses; no traps set\n"

  /// A report without findings, or with a finding that the race's report does not have.
  private func write(_ name: String, changing change: (String) -> String) throws {
    try folder.write(name, change(text(of: folder.path + "/race.json")))
  }

  private func renamed(_ text: String) -> String {
    text.replacing(/"fingerprint" : "T-[0-9a-f]{8}"/, with: "\"fingerprint\" : \"T-00000001\"")
      .replacing("Inventory.stock", with: "Inventory.other")
  }

  // MARK: Reading

  @Test func `a saved report is told as the run told it`() throws {
    let run = try report("race.json")
    #expect(run.end == .exited(66))
    #expect(run.output.hasPrefix(Self.race))
    #expect(run.output.contains("  again: tophash run --seed 7 -- ./shop race\n"))
    #expect(run.errors == "tophash: 1 finding in 1 process\n" + Self.sight)
  }

  @Test func `standard input can be one of the files`() throws {
    var command = BuiltTool.command(["report", "--quiet", "-"])
    command.input = text(of: folder.path + "/race.json")
    let run = try command.run()
    #expect(run.end == .exited(66))
    #expect(run.output.hasPrefix(Self.race))
  }

  @Test func `shards are put together`() throws {
    try write("other.json", changing: renamed)
    let run = try report("race.json", "race.json", "other.json", "--reporter", "json")
    #expect(run.end == .exited(66))
    #expect(run.errors.hasPrefix("tophash: 2 findings in 3 processes\n"))
    let json = try JSONValue(run.output)
    #expect(
      json["findings"].array.map { $0["variable"]["name"].text } == [
        "Inventory.other", "Inventory.stock",
      ])
    #expect(json["findings"].array.map { $0["occurrences"].number } == [1, 2])
    #expect(json["runs"].array.count == 3)
  }

  @Test(arguments: [
    ("", "x.json:1:1: the text ends too early; it may be damaged, or not a report of tophash"),
    (
      "{\n  \"a\": 1,\n}",
      "x.json:3:1: a key was expected; it may be damaged, or not a report of tophash"
    ),
    (
      "{\"schema\": \"tophash-report/9\"}",
      "x.json:1:12: 'tophash-report/9' is another version than 'tophash-report/1'; read it with the tophash that wrote it"
    ),
    (
      "{\"schema\": \"tophash-traps/1\"}",
      "x.json:1:12: 'tophash-traps/1' is not a report; name a report of tophash"
    ),
  ])
  func `a damaged report is told with its place`(content: String, message: String) throws {
    try folder.write("x.json", content)
    expect(
      try report("race.json", "x.json", "--output", "out"), .exited(65),
      errors: "tophash: error: \(message)\n")
    #expect(folder.files == ["race.json", "x.json"])
  }

  @Test func `a report that is not there`() throws {
    expect(
      try report("none.json"), .exited(65),
      errors:
        "tophash: error: 'none.json' cannot be read: No such file or directory; check the path\n")
  }

  // MARK: Forms and files

  @Test func `several forms at once, each where it belongs`() throws {
    let run = try report(
      "race.json", "--quiet", "--reporter", "xcode,github", "--output", "sarif=out.sarif",
      "--output", "html=out.html")
    #expect(run.end == .exited(66))
    #expect(
      run.output.hasPrefix("Inventory.swift:7:10: error: race (caught): ")
        || run.output.contains(": error: race (caught): "))
    #expect(run.output.contains("\n::error file="))
    #expect(folder.files == ["out.html", "out.sarif", "race.json"])
    #expect(text(of: folder.path + "/out.sarif").hasPrefix("{\n  \"$schema\" : "))
    #expect(text(of: folder.path + "/out.html").hasPrefix("<!DOCTYPE html>\n"))
  }

  @Test(arguments: [
    (["--reporter", "jsn"], "there is no reporter 'jsn'; did you mean 'json'?"),
    (
      ["--reporter", "x"],
      "there is no reporter 'x'; known are text, xcode, json, sarif, junit, github, gitlab, markdown, html"
    ),
    (
      ["--output", "srif=x"],
      "there is no reporter 'srif'; did you mean 'sarif'?; a file of that name is written './srif=x'"
    ),
    (["--output", "sarif="], "--output sarif= names no file; write 'sarif=FILE'"),
    (
      ["--reporter", "text,sarif"],
      "text and sarif would share standard output; write '--output sarif=FILE'"
    ),
    (
      ["--reporter", "text,sarif", "--output", "x"],
      "--output x does not say which report it is for; write NAME=FILE, such as 'text=x'"
    ),
    (
      ["--output", "sarif=x", "--output", "html=x"],
      "two reports would go to 'x'; give each a file of its own"
    ),
    (
      ["--new-only"],
      "'--new-only' does not say since when; add '--compare FILE' or '--baseline FILE'"
    ),
    (
      ["--baseline", "a", "--write-baseline", "b"],
      "--baseline and --write-baseline are given; leave out the first: what is written counts as well"
    ),
  ])
  func `choices that make no sense`(_ options: [String], _ message: String) throws {
    expect(
      try BuiltTool.run(["report", "race.json"] + options, in: folder.path), .exited(64),
      errors: "tophash: error: \(message)\n")
    #expect(folder.files == ["race.json"])
  }

  @Test func `the summary of a job is added to`() throws {
    let summary = try folder.write("summary.md", "theirs\n")
    let run = try BuiltTool.run(
      ["report", "race.json", "--quiet", "--reporter", "github"],
      environment: ["GITHUB_STEP_SUMMARY": summary], in: folder.path)
    #expect(run.output.hasPrefix("::error "))
    #expect(text(of: summary).hasPrefix("theirs\n## Tophash: 1 finding\n"))
  }

  @Test func `a full disk leaves what was there`() throws {
    let run = try report("race.json", "--quiet", "--output", "/dev/full")
    #expect(run.end == .exited(70))
    #expect(run.output.hasPrefix(Self.race))
  }

  // MARK: Earlier reports

  @Test func `two runs are compared`() throws {
    try write("other.json", changing: renamed)
    let run = try report("race.json", "other.json", "--compare", "race.json", "--color", "never")
    #expect(run.end == .exited(66))
    #expect(
      run.output.hasPrefix(
        "new: " + Self.race.replacing("Inventory.stock", with: "Inventory.other")))
    #expect(
      run.output.contains("\n\nstill there:\n  T-5d6d72e6  caught  Inventory.stock : [String: Int]")
    )
    let gone = try report("other.json", "--compare", "race.json")
    #expect(gone.output.contains("\n\nnot found any more:\n  T-5d6d72e6  caught  "))
    #expect(gone.errors.hasPrefix("tophash: 1 finding in 1 process; 1 new; 1 gone\n"))
  }

  @Test func `only what is new counts`() throws {
    try write("other.json", changing: renamed)
    let same = try report("race.json", "--compare", "race.json", "--new-only")
    expect(same, errors: "tophash: nothing found in 1 process\n" + Self.sight)
    let new = try report(
      "race.json", "other.json", "--compare", "race.json", "--new-only", "--quiet")
    #expect(new.end == .exited(66))
    #expect(new.output.hasPrefix("new: race (caught): "))
    #expect(!new.output.contains("Inventory.stock"))
  }

  // MARK: Baseline

  @Test func `a baseline is written, holds what it has, and only shrinks`() throws {
    try write("other.json", changing: renamed)
    expect(
      try report("race.json", "other.json", "--write-baseline", "base.json"),
      errors: "tophash: baseline 'base.json': 2 entries written\n"
        + "tophash: nothing found in 2 processes; 2 in the baseline\n"
        + Self.sight.replacing("2 accesses", with: "4 accesses"))
    let base = folder.path + "/base.json"
    let written = text(of: base)
    #expect(written.contains("\"fingerprint\":\"T-5d6d72e6\""))

    // A run that shows less takes nothing out by itself.
    let less = try report("race.json", "--baseline", "base.json")
    #expect(less.end == .exited(0))
    #expect(less.errors.hasSuffix("tophash: base.json: 1 of 2 entries met no finding\n"))
    #expect(text(of: base) == written)

    let shrunk = try report("race.json", "--write-baseline", "base.json")
    #expect(shrunk.end == .exited(0))
    #expect(shrunk.errors.hasPrefix("tophash: baseline 'base.json': 1 of 2 entries stay\n"))

    // What is new is never taken in.
    let grown = try report("race.json", "other.json", "--write-baseline", "base.json")
    #expect(grown.end == .exited(66))
    #expect(grown.errors.hasPrefix("tophash: baseline 'base.json': 1 of 1 entries stay\n"))
    #expect(!text(of: base).contains("T-00000001"))
  }

  @Test func `a damaged baseline is told, and stays`() throws {
    let base = try folder.write(
      "base.json", "{\"findings\": [{}], \"schema\": \"tophash-baseline/1\"}")
    expect(
      try report("race.json", "--write-baseline", "base.json"), .exited(65),
      errors: "tophash: error: base.json:1:15: 'fingerprint' is missing; it may be damaged,"
        + " or not a baseline of tophash\n")
    #expect(text(of: base).hasPrefix("{\"findings\": [{}]"))
  }

  // MARK: Suppressions

  @Test func `suppressed findings change no status, and are kept for programs`() throws {
    try folder.write(
      ".tophash-suppressions",
      "variable:Inventory.st* until:2999-12-31 # counted for a graph\nvariable:Other.* # old\nmodule:X until:2000-01-01 # over\n"
    )
    let run = try report("race.json", "--output", "sarif=out.sarif", "--output", "json=out.json")
    expect(
      run,
      errors: "tophash: nothing found in 1 process; 1 suppressed\n" + Self.sight
        + "tophash: .tophash-suppressions:3: this entry is over since 2000-01-01, and suppresses"
        + " nothing\n"
        + "tophash: .tophash-suppressions:2: this entry met no finding\n")
    let json = try JSONValue(text(of: folder.path + "/out.json"))
    #expect(json["findings"][0]["suppression"]["reason"].text == "counted for a graph")
    let sarif = try JSONValue(text(of: folder.path + "/out.sarif"))
    #expect(
      sarif["runs"][0]["results"][0]["suppressions"][0]["justification"].text
        == "counted for a graph (.tophash-suppressions:1)")
  }

  @Test func `a mistake in a suppression file is told with its place`() throws {
    try folder.write("s", "\nvariable:Inventory.stock until:never # x\n")
    expect(
      try report("race.json", "--suppressions", "s"), .exited(65),
      errors: "tophash: error: s:2:32: 'never' is no day; write it as '2027-01-31'\n")
  }

  @Test func `a run takes suppressions and a baseline, too`() throws {
    let file = try folder.write("s", "function:Inventory.add(_:) # known\n")
    let options = ["--quiet", "--suppressions", file]
    expect(try BuiltTool.run(options, .shop, ["race", "exit=3"]), .exited(3))
    let base = folder.path + "/base.json"
    expect(try BuiltTool.run(["--quiet", "--write-baseline", base], .shop, ["race"]))
    expect(try BuiltTool.run(["--quiet", "--baseline", base], .shop, ["race"]))
    let variable = ["TOPHASH_OPTIONS": "quiet:baseline=\(base)"]
    expect(try BuiltTool.run([], .shop, ["race"], environment: variable))
  }

  @Test func `a comment at the access suppresses`() throws {
    // The compiler's places are in the tests' sources; the saved ones are moved to a copy.
    try folder.write(
      "Inventory.swift",
      text(of: Program.sources + "/Shop/Inventory.swift")
        .replacing(
          "    stock[item] = 1", with: "    stock[item] = 1  // tophash:disable:this all known"))
    try write("moved.json") {
      $0.replacing(/"file" : "[^"]*\/Inventory.swift"/, with: "\"file\" : \"Inventory.swift\"")
    }
    let run = try report("moved.json")
    #expect(run.end == .exited(0))
    #expect(run.errors.hasPrefix("tophash: nothing found in 1 process; 1 suppressed\n"))
  }
}
