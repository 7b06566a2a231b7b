import Testing
import TophashFindings
import TophashSymbols

@testable import TophashReports

@Suite struct TextReporterTests {
  @Test func `a finding is told in the order in which people read`() {
    let reporter = Samples.reporter { $0.hasSuffix("Inventory.swift") ? Samples.source : nil }
    let expected = """
      race (caught): a task changed Inventory.stock : [String: Int] while a thread read it
        task 7 "restock"      modify   Sources/Warehouse/Inventory.swift:5:3    Inventory.add(_:count:)
        thread 4246 "order"   read     Sources/Warehouse/Inventory.swift:9:12   Inventory.available(_:)

        task 7 "restock" had begun to modify it (held open by a trap)
          5 | \t\tstock[item, default: 0] += count
            | \t\t^
          Inventory.add(_:count:)                        Sources/Warehouse/Inventory.swift:5:3
          … 3 runtime frames
          awaited by closure #1 in Warehouse.simulate()  Sources/Warehouse/Warehouse.swift:22:7

        thread 4246 "order" began meanwhile to read it (queue "com.example.orders")
          9 |     return stock[item] ?? 0
            |            ^
          Inventory.available(_:)  Sources/Warehouse/Inventory.swift:9:12
          … 1 runtime frame

        could have happened: the reader may follow storage that the writer has just freed: a crash, \
      or a value that was never stored
        fix: guard every use of 'stock', reads too, with one lock (a Mutex around the value leaves \
      no way past it)
             or make Inventory an actor: no lock to forget, but callers must await
        explained: tophash explain concurrent-read-and-modification
        again: tophash run --seed 7 -- .build/debug/Warehouse 'two words'
        seen 1,204 times in process 4242 (Warehouse)   [\(Samples.finding.fingerprint)]

      """
    #expect(reporter.text(for: Samples.report(Samples.finding)) == expected)
  }

  @Test func `what is not known is left out, and what is doubtful is said`() {
    let stripped = Frame(
      address: 0x1010, image: "/shop/app", offset: 0x3f85, symbol: nil, function: "app + 0x3f85",
      module: nil, location: nil, isInlined: false)
    let open = Side(
      operation: .modify, owner: .task(id: nil, name: nil), threadID: 5, stack: [stripped],
      isSuspended: true, hasExactStack: false)
    let begun = Side(
      operation: .modify, owner: .task(id: 9, name: nil), threadID: 6,
      stack: [
        Samples.frame("Shop.open()", 4, 0, in: "Shop.swift", precision: .nearest),
        Samples.frame("Shop.run()", 8, 3, in: "Shop.swift", precision: .caller, isMerged: true),
      ],
      hasExactStack: false)
    let finding = Finding(
      grade: .caught,
      variable: Variable(kind: .unknown, module: nil, name: "unknown variable", type: nil),
      open: open, begun: begun,
      processes: [.init(pid: 1, program: "/a/x"), .init(pid: 2, program: "/a/y")])
    let text = Samples.reporter().text(for: Samples.report(finding))
    #expect(
      text == """
        race (caught): two tasks changed a variable at the same time
          task     modify   app                                             app + 0x3f85
          task 9   modify   Sources/Warehouse/Shop.swift:4 (nearest line)   Shop.open()

          task had begun to modify it (suspended in an await: only the place of the access is known)
            app + 0x3f85  app

          task 9 began meanwhile to modify it (it went on while its stack was read: outer frames may \
        be later ones)
            Shop.open()          Sources/Warehouse/Shop.swift:4 (nearest line)
            Shop.run() (merged)  Sources/Warehouse/Shop.swift:8 (line of the caller)

          could have happened: a lost change, or an object that is freed twice
          fix: guard every use of it, reads too, with one lock, or move it into an actor
          explained: tophash explain concurrent-modification
          again: tophash run --seed 7 -- .build/debug/Warehouse 'two words'
          seen once in processes 1 (x), 2 (y)   [\(finding.fingerprint)]

        """)
  }

  @Test func `findings are apart, and nothing found is nothing said`() {
    let text = Samples.reporter().text(for: Samples.report(Samples.finding, Samples.finding))
    #expect(text.components(separatedBy: "\n\nrace (caught): ").count == 2)
    #expect(Samples.reporter().text(for: Samples.report()) == "")
  }

  @Test func `frames that nobody wrote are left out, and a long name widens no column`() {
    var thunk = Samples.frame("closure #1 in Shop.run()", 1, 1)
    thunk.isThunk = true
    let long = "Shop." + String(repeating: "a", count: 80) + "()"
    let side = Side(
      operation: .modify, owner: .task(id: 1, name: nil), threadID: 1,
      stack: [
        Samples.frame("Inventory.stock.modify", 3, 1), Samples.frame("Shop.run()", 4, 1), thunk,
        Samples.frame(long, 5, 1), Samples.frame("main", 6, 1), Samples.runtime("start"),
      ],
      awaitedBy: [thunk, Samples.frame("Shop.wait()", 7, 1)], siteIndex: 1)
    let text = StackText(side, variable: Samples.stock)
    #expect(
      text.lines(indent: "", paths: Paths(directory: "/shop"), style: Style(isColored: false)) == [
        "Shop.run()              Sources/Warehouse/Inventory.swift:4:1",
        "\(long)  Sources/Warehouse/Inventory.swift:5:1",
        "main                    Sources/Warehouse/Inventory.swift:6:1",
        "… 1 runtime frame",
        "awaited by Shop.wait()  Sources/Warehouse/Inventory.swift:7:1",
      ])
  }

  @Test func `an accessor is shown where there is nothing else`() {
    let side = Side(
      operation: .read, owner: .task(id: 1, name: nil), threadID: 1,
      stack: [Samples.frame("Inventory.stock.getter", 3, 1), Samples.runtime("start")])
    let text = StackText(side, variable: Samples.stock)
    #expect(
      text.lines(indent: "", paths: Paths(directory: "/shop"), style: Style(isColored: false)) == [
        "Inventory.stock.getter  Sources/Warehouse/Inventory.swift:3:1", "… 1 runtime frame",
      ])
  }

  @Test(arguments: [
    (1, "seen once in process 1 (x)"), (2, "seen once in processes 1 (x), 2 (x)"),
    (4, "seen once in processes 1 (x), 2 (x), 3 (x), 4 (x)"),
    (5, "seen once in processes 1 (x), 2 (x), 3 (x), 4 (x) and 1 other"),
    (1000, "seen once in processes 1 (x), 2 (x), 3 (x), 4 (x) and 996 others"),
  ])
  func `of many processes a few are named`(count: Int32, words: String) {
    var finding = Samples.finding
    finding.occurrences = 1
    finding.processes = (1...count).map { .init(pid: $0, program: "/a/x") }
    let text = Samples.reporter().text(for: Samples.report(finding))
    #expect(text.contains("  \(words)   [\(finding.fingerprint)]\n"))
  }

  @Test func `the system's own queues are not worth a word`() {
    for queue in [
      "com.apple.main-thread", "com.apple.root.default-qos", "Swift global concurrent queue",
    ] {
      var finding = Samples.finding
      finding.begun.queue = queue
      let text = Samples.reporter().text(for: Samples.report(finding))
      #expect(!text.contains("queue \""))
    }
  }

  @Test func `colour changes no letter`() {
    let report = Samples.report(Samples.finding)
    let plain = Samples.reporter(source: { _ in Samples.source }).text(for: report)
    let colored = Samples.reporter(isColored: true, source: { _ in Samples.source })
      .text(for: report)
    #expect(!plain.contains("\u{1b}"))
    #expect(colored.hasPrefix("\u{1b}[1;31mrace (caught):\u{1b}[0m \u{1b}[1ma task changed"))
    #expect(colored.replacing(/\u{1b}\[[0-9;]*m/, with: "") == plain)
  }

  @Test func `a source that has changed since is not quoted wrongly`() {
    for source in ["", "one line\n", "\n\n\n\n\n\n\n\n\n\n\n"] {
      let text = Samples.reporter(source: { _ in source }).text(
        for: Samples.report(Samples.finding))
      #expect(!text.contains(" | "))
    }
  }

  @Test func `a column behind the line's end gives the line alone`() {
    let text = Samples.reporter(source: { _ in "\n\n\n\nx\n\n\n\ny" })
      .text(for: Samples.report(Samples.finding))
    #expect(text.contains("    5 | x\n    Inventory.add(_:count:)"))
  }

  @Test func `an unordered finding is not called a race, and says what would prove it`() {
    var finding = Samples.finding
    finding.grade = .unordered
    finding.open.isHeld = false
    finding.begun.owner = .workItem(queue: "com.example.orders")
    let lines = Samples.reporter().text(for: Samples.report(finding)).split(separator: "\n")
    #expect(
      lines[0] == """
        unordered (not proven): a task changed Inventory.stock : [String: Int] and a work item read \
        it, and nothing orders the two
        """)
    #expect(lines[2].hasPrefix("  work item of \"com.example.orders\"   read "))
    #expect(lines.contains("  task 7 \"restock\" came first, to modify it"))
    #expect(
      lines.contains {
        $0.hasPrefix("  work item of \"com.example.orders\" came later, to read it")
      })
    #expect(lines.contains("  tried: no access was held open there yet"))
    finding.tried = Tried(holds: 12, heldNanoseconds: 31_000_000)
    let tried = "  tried: 12 accesses held open there for 31 ms in all, and nobody came\n"
    #expect(Samples.reporter().text(for: Samples.report(finding)).contains(tried))
    #expect(lines.contains { $0.hasPrefix("  no race if: they are ordered by something") })
    #expect(lines.contains { $0.hasPrefix("  proof: a run in which the two meet") })
    #expect(!lines.contains { $0.contains("race (") })
  }

}
