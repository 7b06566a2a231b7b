import Foundation
import Testing

@testable import TophashGallery

/// From single trials to the matrix and its forms.
@Suite struct MatrixTests {
  private static func outcome(
    _ status: Int32, errors: String = "", output: String = "", cpu: Double = 0.01
  ) -> Trial.Outcome {
    Trial.Outcome(
      status: status, isSignalled: status > 128, cpuSeconds: cpu, wallSeconds: 2 * cpu,
      output: output, errors: errors)
  }

  private static func entry(_ name: String, race: String? = "Cache.entries") -> Catalogue.Entry {
    let parts = name.split(separator: "/").map(String.init)
    return Catalogue.Entry(
      program: parts[0], scenario: parts[1], misuse: "concurrent-modification",
      failFast: "write-write", race: race.map { Catalogue.Entry.Race(variable: $0) })
  }

  private static let laboratory = Laboratory(
    tool: "/bin/tophash", examples: "/examples", misuser: "/bin/misuser")

  @Test func `what each method counts as noticed`() {
    func verdict(_ method: TophashGallery.Method, _ outcome: Trial.Outcome) -> Laboratory.Verdict {
      Self.laboratory.verdict(method, Self.entry("A/b"), outcome)
    }
    #expect(verdict(.plain, Self.outcome(0)) == .silent)
    #expect(verdict(.plain, Self.outcome(139)) == .noticed)
    #expect(verdict(.failFast, Self.outcome(2)) == .noticed)
    #expect(verdict(.caught, Self.outcome(66)) == .noticed)
    #expect(verdict(.caught, Self.outcome(0)) == .silent)
    // A crash before anything was caught is not a finding.
    #expect(verdict(.caught, Self.outcome(139)) == .crashed)
    #expect(
      verdict(.watch, Self.outcome(127, errors: "tophash: error: no such variable; look\n"))
        == .impossible("no such variable; look"))
    #expect(
      verdict(.threadSanitizer, Self.outcome(66, errors: "WARNING: ThreadSanitizer: data race (1)"))
        == .noticed)
    #expect(verdict(.threadSanitizer, Self.outcome(139)) == .crashed)
    #expect(verdict(.explore, Self.outcome(66)) == .noticed)
    #expect(
      verdict(
        .trace,
        Self.outcome(
          0, errors: "tophash: two threads were inside of A.b at one time, and modified it: 1 time")
      )
        == .noticed)
    #expect(verdict(.trace, Self.outcome(0, errors: "tophash: 3 turns of tasks")) == .silent)
    #expect(
      verdict(.trace, Self.outcome(64, errors: "tophash: error: no variable; look\n"))
        == .impossible("no variable; look"))
    #expect(
      verdict(
        .profile,
        Self.outcome(
          139, output: "waited for others: 1 s in 2 waits\n  1 s  2 waits  lock  f()\n\n"))
        == .noticed)
    let mainActor = "waited for others: 8 µs in 1 wait\n  8 µs  actor DispatchMainExecutor  f()\n\n"
    #expect(
      verdict(.profile, Self.outcome(0, output: mainActor + "  1 s for the lock\n")) == .silent)
    #expect(
      verdict(.profile, Self.outcome(0, output: "nobody waited for others\n")) == .silent)
    let inspection = #"{"variables": [{"name": "Cache.entries", "visibility": "tracked"}]}"#
    #expect(verdict(.inspect, Self.outcome(0, output: inspection)) == .noticed)
    let none = inspection.replacing("tracked", with: "nothing")
    #expect(verdict(.inspect, Self.outcome(0, output: none)) == .silent)
  }

  @Test func `a method that has nothing to work with runs nothing`() {
    var entry = Self.entry("Variants/check-then-act", race: nil)
    entry.failFast = nil
    #expect(Self.laboratory.trial(.watch, entry) == nil)
    #expect(Self.laboratory.trial(.inspect, entry) == nil)
    #expect(Self.laboratory.trial(.trace, entry) == nil)
    #expect(Self.laboratory.trial(.failFast, entry) == nil)
    let seeds = (0..<2).map { Self.laboratory.trial(.explore, entry, number: $0)?.arguments }
    #expect(seeds[0] != seeds[1])
    #expect(
      Self.laboratory.trial(.plain, entry)?.arguments == ["check-then-act", "racy", "tasks"])
    #expect(
      Self.laboratory.trial(.caughtDebug, entry)?.arguments.suffix(4)
        == ["/examples/.build/debug/Variants", "check-then-act", "racy", "tasks"])
  }

  /// Two misuses, of which one is noticed by nobody but ThreadSanitizer.
  private static var matrix: Matrix {
    func cell(_ noticed: Int, crashed: Int = 0) -> Matrix.Cell {
      Matrix.Cell(runs: 20, noticed: noticed, crashed: crashed, cpuSeconds: 0.0125)
    }
    return Matrix(
      runs: 20, methods: [.plain, .caught, .watch, .threadSanitizer, .inspect],
      rows: [
        Matrix.Row(
          name: "A/seen", misuse: "a",
          cells: [
            "plain": cell(3), "caught": cell(18, crashed: 2), "thread-sanitizer": cell(20),
            "inspect": Matrix.Cell(runs: 1, noticed: 1),
          ]),
        Matrix.Row(
          name: "B/<blind>", misuse: "b",
          cells: [
            "plain": cell(0), "caught": cell(0), "watch": Matrix.Cell(reason: "it has no name"),
            "thread-sanitizer": cell(20), "inspect": Matrix.Cell(runs: 1, noticed: 1),
          ]),
      ])
  }

  @Test func `the table says what was counted, and where nothing was noticed`() {
    let text = MatrixTable(.text).text(for: Self.matrix)
    #expect(text.contains("A/seen          3/20  18/20 (2 †)      –  20/20      yes\n"))
    #expect(text.contains("Where Tophash is blind\n\n  B/<blind>\n"))
    #expect(text.contains("No number, because\n\n  it has no name\n"))
    let markdown = MatrixTable(.markdown).text(for: Self.matrix)
    #expect(markdown.contains("| A/seen | 3/20 | 18/20 (2 †) | – | 20/20 | yes |\n"))
    #expect(markdown.contains("| A/seen | 12 | 12 | – | 12 | 0 |\n"))
  }

  @Test func `the page is a heat map, and escapes what it shows`() {
    let page = MatrixPage().text(for: Self.matrix)
    #expect(page.contains("<td style=\"--hue: 108\">18/20 (2 †)<br>"))
    #expect(page.contains("<th>B/&lt;blind&gt;</th>"))
    #expect(page.contains("title=\"it has no name\""))
    #expect(!page.contains("<blind>"))
  }

  @Test func `JSON can be read back`() throws {
    let matrix = try JSONDecoder().decode(Matrix.self, from: Data(Self.matrix.json.utf8))
    #expect(matrix.rows[0][.caught]?.noticed == 18)
    #expect(matrix.blindSpots == ["B/<blind>"])
  }

  @Test func `cells are sums and medians of trials`() {
    let cell = Matrix.Cell([
      (.noticed, Self.outcome(66, cpu: 0.3)), (.silent, Self.outcome(0, cpu: 0.1)),
      (.crashed, Self.outcome(139, cpu: 0.2)),
    ])
    #expect((cell.runs, cell.noticed, cell.crashed) == (3, 1, 1))
    #expect(cell.cpuSeconds == 0.2)
    let impossible = Matrix.Cell([(.impossible("no"), Self.outcome(126))])
    #expect(impossible.rate == nil)
    #expect(impossible.reason == "no")
  }

  @Test func `the examples that are shipped can be read`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let catalogue = try Catalogue(examples: root.appending(path: "Examples").path)
    #expect(catalogue.twins.count > 30)
    #expect(catalogue.entry(named: "WriteWrite/insert")?.failFast == "write-write")
    #expect(catalogue.entry(named: "wrong-lock")?.program == "Variants")
    // Two have this name: then it is the misuse's, if it is one.
    #expect(catalogue.entry(named: "lazy-initialisation")?.misuse == "lazy-initialisation")
    #expect(catalogue.entry(named: "nothing") == nil)
  }

  @Test func `a trial tells how the program ended and what it wrote`() throws {
    let shell = Trial(
      path: "/bin/sh", arguments: ["-c", "echo out; echo $WORD >&2; exit 3"],
      environment: ["WORD": "err"])
    let outcome = try shell.run()
    #expect(outcome.status == 3)
    #expect(outcome.output == "out\n")
    #expect(outcome.errors == "err\n")
    let folder = try Trial(
      path: "/bin/sh", arguments: ["-c", "touch $0/x && echo $0/*", Trial.folder]
    ).run()
    #expect(folder.output.hasSuffix("/x\n"))
    let killed = try Trial(path: "/bin/sh", arguments: ["-c", "kill -SEGV $$"]).run()
    #expect(killed.isSignalled)
    #expect(killed.status == 128 + 11)
    #expect(throws: GalleryError.self) { try Trial(path: "/no/such", arguments: []).run() }
  }
}
