import Testing
import TophashFindings
import TophashReports
import TophashSymbols

@testable import TophashTrace

@Suite struct WaitTableTests {
  private func text(_ samples: [WaitProfile.Sample], rows: Int = 10) -> String {
    WaitTable(rows: rows, paths: Paths(directory: "/src"), style: Style(isColored: false))
      .text(WaitProfile(samples: samples))
  }

  @Test
  func
    `places by their time, the ways to the first one, and by themselves who waits for what is to come`()
  {
    let samples = [
      sample(.mutex, [frame("store", line: 7), frame("one")], count: 20, total: 3_000_000),
      sample(.barrier, [frame("flush"), frame("two")], of: "cache", total: 2_500_000),
      sample(
        .mutex, [frame("store", line: 7), frame("two")], total: 1_000_000, unfinished: 1),
      sample(.group, [frame("main")], total: 9_000_000_000),
    ]
    #expect(
      text(samples) == """
        waited for others: 6.50 ms in 22 waits
          4.00 ms  62 %  21 waits  longest 3.00 ms  lock                     store  store.swift:7:3
          2.50 ms  38 %  1 wait    longest 2.50 ms  queue cache, as barrier  flush  flush.swift:1:3

          3.00 ms for the lock
            store  store.swift:7:3
            one    one.swift:1:3
          1.00 ms for the lock, 1 wait of them to the end
            store  store.swift:7:3
            two    two.swift:1:3

        waited for something to happen: 9.00 s in 1 wait
          9.00 s  100 %  1 wait  longest 9.00 s  group  main  main.swift:1:3

        """)
  }

  @Test func `what is not shown is counted`() {
    let samples = (1...4).map { sample(.mutex, [frame("f\($0)")], total: UInt64($0) * 1000) }
    #expect(text(samples, rows: 2).contains("\n  … 2 more places\n"))
  }

  @Test func `nobody waited`() {
    #expect(text([]) == "nobody waited for others\n")
  }
}

@Suite struct PprofTests {
  @Test func `the messages are those of profile.proto`() throws {
    let profile = WaitProfile(
      samples: [
        sample(
          .queue, [frame("get", isInlined: true), frame("load"), frame("main")], of: "cache",
          count: 3, total: 70),
        sample(.thread, [frame("main")], total: 5),
      ], duration: 1000)
    let file = PprofProfile.bytes(of: profile, comments: ["./app -x"])
    // The container ends with four bytes of checksum and four of size; one block holds it all.
    let message = ReadMessage(Array(file.dropFirst(15).dropLast(8)))
    let strings = message[6].map(\.text)
    func text(_ index: UInt64) -> String { strings[Int(index)] }

    #expect(strings.first == "")
    #expect(
      message[1].map { $0.message.fields.map { text($0.value) } } == [
        ["contentions", "count"], ["delay", "nanoseconds"], ["waits", "count"],
        ["waiting", "nanoseconds"],
      ])
    #expect(text(message[14][0].value) == "delay")
    #expect(message[10][0].value == 1000)
    #expect(text(message[13][0].value) == "./app -x")

    let functions = Dictionary(
      uniqueKeysWithValues: message[5].map { field in
        (field.message[1][0].value, text(field.message[2][0].value))
      })
    // An inlined function is a line of the place that it was inlined into.
    let locations = Dictionary(
      uniqueKeysWithValues: message[4].map { field in
        (
          field.message[1][0].value,
          field.message[4].map { functions[$0.message[1][0].value]! }
        )
      })
    let samples = message[2].map(\.message)
    #expect(
      samples.map { $0[1][0].packed.map { locations[$0]! } } == [
        [["get", "load"], ["main"]], [["main"]],
      ])
    #expect(samples.map { $0[2][0].packed } == [[3, 70, 0, 0], [0, 0, 1, 5]])
    #expect(
      samples.map { $0[3].map { $0.message.fields.map { text($0.value) } } } == [
        [["waits-for", "queue"], ["name", "cache"]], [["waits-for", "thread"]],
      ])
  }
}

@Suite struct FlameGraphTests {
  @Test func `stacks share what they have in common from the root on`() {
    var tree = FlameTree(root: "all")
    tree.add(["main", "b", "lock"], weight: 3)
    tree.add(["main", "a"], weight: 1)
    tree.add(["main", "b", "queue"], weight: 2)
    #expect(tree.root.weight == 6)
    #expect(tree.root.children.map(\.name) == ["main"])
    #expect(tree.root.children[0].children.map(\.name) == ["a", "b"])
    #expect(tree.root.children[0].children.map(\.weight) == [1, 5])
    #expect(tree.depth == 4)
  }

  @Test func `boxes are as wide as their time, and names are text`() {
    var tree = FlameTree(root: "all")
    tree.add(["f<T>"], weight: 3_000_000)
    tree.add(["g"], weight: 1_000_000)
    let svg = FlameGraph.svg(tree, title: "a & b")
    #expect(svg.contains(">a &amp; b</text>"))
    #expect(
      svg.contains("<title>f&lt;T&gt;: 3 ms, 75 %</title><rect x=\"10\" y=\"34\" width=\"885\""))
    #expect(svg.contains("<title>g: 1 ms, 25 %</title><rect x=\"895\" y=\"34\" width=\"295\""))
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
  }

  @Test func `boxes that nobody could see are left out`() {
    var tree = FlameTree(root: "all")
    tree.add(["wide"], weight: 1_000_000)
    tree.add(["narrow"], weight: 1)
    #expect(!FlameGraph.svg(tree, title: "").contains("narrow"))
  }
}
