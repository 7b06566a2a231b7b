import TophashFindings
import TophashReports
import TophashSymbols

/// One report with all that reporters have to cope with: every grade, rule and standing, code
/// without lines, and names that are markup in one form or another.
enum GoldenReport {
  static let paths = Paths(directory: "/shop")

  /// The sources that the findings lead to.
  static func source(_ path: String) -> String? {
    switch path {
    case "/shop/Sources/Warehouse/Inventory.swift": Samples.source
    case "/shop/Sources/Warehouse/Wörter & Co.swift": "let é = words[\"é\"]\n"
    default: nil
    }
  }

  static var context: ReportForm.Context {
    ReportForm.Context(paths: paths, source: SourceCache(read: source))
  }

  static var report: Report {
    var report = Report(
      findings: [
        caught, unordered, storage, markup, suppressed, accepted, gone,
      ],
      runs: [
        Run(
          command: [".build/debug/Warehouse", "two words"], seed: 7,
          options: ["--detect", "unordered"],
          end: .exited(3)),
        Run(
          command: ["swift", "test", "--filter", "PriceTests"], seed: 8, end: .signalled(11),
          isHalted: true, subcommand: .test),
      ],
      processes: [process], unreadable: ["1.tophash: it is not an event file"], lockConflicts: 1,
      possiblyOrdered: 2)
    report.remarks = [".tophash-suppressions:4: this entry met no finding"]
    return report
  }

  private static let caught = {
    var finding = Samples.finding
    finding.comparison = .new
    return finding
  }()

  /// In the second run; found again.
  private static let unordered = {
    var finding = Finding(
      grade: .unordered,
      variable: Variable(
        kind: .global, module: "Warehouse", name: "prices", type: "[Int]",
        qualifiedType: "Swift.Array<Swift.Int>"),
      open: Side(
        operation: .modify, owner: .workItem(queue: "com.example.prices"), threadID: 12,
        queue: "com.example.prices",
        stack: [Samples.frame("raise()", 3, 0, in: "Prices.swift", precision: .nearest)]),
      begun: Side(
        operation: .modify, owner: .thread(id: 11, name: nil, isMain: true), threadID: 11,
        stack: [
          Samples.frame("lower()", 7, 3, in: "Prices.swift", precision: .caller, isMerged: true),
          Samples.frame("main", 20, 1, in: "main.swift"),
        ], hasExactStack: false),
      occurrences: 2,
      processes: [.init(pid: 4250, program: "/shop/.build/debug/Warehouse")])
    finding.run = 1
    finding.tried = Tried(holds: 12, heldNanoseconds: 31_000_000, delays: 1)
    finding.involvements = [
      .one(TestReference(function: "PriceTests.both()", title: nil)!),
      .partly(TestReference(function: "PriceTests.one()", title: "raises | lowers")!),
    ]
    finding.comparison = .still
    return finding
  }()

  /// Stripped code, and a variable that nothing is known of but its storage.
  private static let storage = {
    let frame = Frame(
      address: 0x40_1f85, image: "/opt/app", offset: 0x1f85, symbol: nil,
      function: "app + 0x1f85", module: nil, location: nil, isInlined: false)
    return Finding(
      grade: .caught,
      variable: Variable(kind: .storage, module: nil, name: "storage", type: "[Int]"),
      open: Side(
        operation: .modify, owner: .task(id: nil, name: nil), threadID: 5, stack: [frame],
        isSuspended: true, hasExactStack: false),
      begun: Side(operation: .modify, owner: .task(id: 9, name: nil), threadID: 6, stack: [frame]))
  }()

  /// Names that end strings, elements, cells and commands.
  private static let markup = Finding(
    grade: .caught,
    variable: Variable(
      kind: .classProperty, module: "Warehouse", name: "Wörter<A|B>.`<script>`", type: "Box<\"&'>"),
    open: Side(
      operation: .read, owner: .task(id: 1, name: "</script><b>%0A::error::\n]]>"), threadID: 1,
      stack: [
        Samples.frame("== infix(_: \"100%, a:b\")", 1, 18, in: "Wörter & Co.swift")
      ]),
    begun: Side(
      operation: .modify, owner: .thread(id: 2, name: "```\u{7}|", isMain: false), threadID: 2,
      stack: [Samples.frame("(é) -> [a](1)", 1, 1, in: "Wörter & Co.swift")]))

  private static let suppressed = {
    var finding = Samples.finding
    finding.variable.name = "Inventory.visits"
    finding.suppression = Suppression(
      kind: .comment, place: "Sources/Warehouse/Inventory.swift:4",
      reason: "counted for a graph, \"more or less\" <is> enough")
    return finding
  }()

  private static let accepted = {
    var finding = Samples.finding
    finding.variable.name = "Inventory.names"
    finding.suppression = Suppression(
      kind: .baseline, place: "tophash-baseline.json",
      reason: "it was there when the baseline was written")
    return finding
  }()

  private static let gone = {
    var finding = Samples.finding
    finding.variable.name = "Inventory.older"
    finding.comparison = .gone
    return finding
  }()

  private static let process = {
    var work = ProbeWork()
    (work.nearMisses, work.trapsArmed, work.holds, work.heldNanoseconds) = (4, 2, 3, 12_000_000)
    (work.conflictsSeen, work.threads) = (1210, 5)
    return CheckedProcess(
      pid: 4242, parent: 4200, program: "/shop/.build/debug/Warehouse",
      arguments: ["Warehouse", "two words"], refusal: nil, order: .followed, hasExited: true,
      coverage: Coverage(
        processes: 1, accesses: AccessCounts(tracked: 30_000, instantaneous: 10_000), work: work,
        hooks: [.patched, .interposed]))
  }()
}
