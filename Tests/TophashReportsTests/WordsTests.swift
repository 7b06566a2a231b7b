import Testing
import TophashFindings
import TophashSymbols

@testable import TophashReports

@Suite struct WordsTests {
  private func finding(
    _ open: Side.Operation, _ begun: Side.Operation, tasks: (Bool, Bool) = (true, true),
    variable: Variable = Samples.stock
  ) -> Finding {
    func side(_ operation: Side.Operation, isTask: Bool) -> Side {
      Side(
        operation: operation,
        owner: isTask ? .task(id: 1, name: nil) : .thread(id: 1, name: nil, isMain: false),
        threadID: 1, stack: [])
    }
    return Finding(
      grade: .caught, variable: variable, open: side(open, isTask: tasks.0),
      begun: side(begun, isTask: tasks.1))
  }

  @Test func `a headline of an unordered finding speaks of order, not of time`() {
    let name = "Inventory.stock : [String: Int]"
    func headline(
      _ open: Side.Operation, _ begun: Side.Operation, tasks: (Bool, Bool) = (true, true)
    ) -> String {
      var finding = finding(open, begun, tasks: tasks)
      finding.grade = .unordered
      return finding.headline
    }
    #expect(headline(.modify, .modify) == "two tasks changed \(name), and nothing orders the two")
    #expect(
      headline(.modify, .modify, tasks: (true, false))
        == "a task and a thread changed \(name), and nothing orders the two")
    #expect(
      headline(.read, .modify)
        == "a task changed \(name) and another read it, and nothing orders the two")
    #expect(
      headline(.read, .modify, tasks: (true, false))
        == "a thread changed \(name) and a task read it, and nothing orders the two")
  }

  @Test func `a headline says who did what to which variable`() {
    let name = "Inventory.stock : [String: Int]"
    #expect(finding(.modify, .modify).headline == "two tasks changed \(name) at the same time")
    #expect(finding(.modify, .read).headline == "a task changed \(name) while another read it")
    #expect(finding(.read, .modify).headline == "a task changed \(name) while another read it")
    #expect(
      finding(.modify, .modify, tasks: (false, false)).headline
        == "two threads changed \(name) at the same time")
    #expect(
      finding(.modify, .modify, tasks: (true, false)).headline
        == "a task and a thread changed \(name) at the same time")
    #expect(
      finding(.read, .modify, tasks: (true, false)).headline
        == "a thread changed \(name) while a task read it")
  }

  @Test func `variables without a name are spoken of as such`() {
    let captured = Variable(
      kind: .capturedVariable, module: nil, name: "captured variable", type: "[Int]")
    #expect(captured.shown == "a captured variable : [Int]")
    let unknown = Variable(kind: .unknown, module: nil, name: "unknown variable", type: nil)
    #expect(unknown.shown == "a variable")
    let part = Variable(
      kind: .capturedVariable, module: nil, name: "captured variable.count", type: "Int")
    #expect(part.shown == "a captured variable.count : Int")
    let storage = Variable(kind: .storage, module: nil, name: "storage", type: "[Int: Int]")
    #expect(storage.shown == "the storage of a variable : [Int: Int]")
    #expect(
      self.finding(.modify, .modify, variable: storage).advice == [
        "let each side have a part of its own, or values of its own that are combined in one place",
        "or guard every use of the variable, reads too, with one lock",
      ])
    let own = Variable(kind: .global, module: nil, name: "captured variables", type: nil)
    #expect(own.shown == "captured variables")
    var finding = Samples.finding
    for variable in [captured, unknown, part] {
      finding.variable = variable
      #expect(finding.headline.contains(" changed a "))
      #expect(!finding.headline.contains("a a "))
    }
  }

  @Test(arguments: [
    (
      Variable.Kind.classProperty, "Box<Shop.Item>.values",
      "guard every use of 'values', reads too, with one lock (a Mutex around the value leaves no"
        + " way past it)", "or make Box an actor: no lock to forget, but callers must await"
    ),
    (
      .classProperty, "inside Shop.state.cache",
      "guard every use of 'cache', reads too, with one lock (a Mutex around the value leaves no"
        + " way past it)", "or make Shop an actor: no lock to forget, but callers must await"
    ),
    (
      .global, "count in Local #1 in App.run()",
      "put 'count' into a Mutex, so that every use, reads too, takes its lock",
      "or isolate it to a global actor: no lock to forget, but callers must await"
    ),
    (
      .global, "app+0x127a8", "put it into a Mutex, so that every use, reads too, takes its lock",
      "or isolate it to a global actor: no lock to forget, but callers must await"
    ),
  ])
  func `advice names what one would write`(
    kind: Variable.Kind, name: String, first: String, second: String
  ) {
    let variable = Variable(kind: kind, module: nil, name: name, type: nil)
    #expect(finding(.modify, .modify, variable: variable).advice == [first, second])
  }

  @Test func `a global that is known by its place alone is spoken of as such`() {
    let variable = Variable(kind: .global, module: nil, name: "app+0x127a8", type: "[Int]")
    #expect(variable.shown == "the global at app+0x127a8 : [Int]")
  }

  @Test(arguments: [
    ("restock", #"task 7 "restock""#), (#"test "orders meet""#, #"task 7 "test 'orders meet'""#),
  ])
  func `names stand in quotes`(name: String, text: String) {
    #expect(Owner.task(id: 7, name: name).description == text)
  }

  @Test(arguments: [
    ("[String: Int]", StorageKind.dictionary), ("Dictionary<String, Int>", .dictionary),
    ("[[String: Int]]", .array), ("[(key: String, value: Int)]", .array), ("[Int]", .array),
    ("[String: [Int: Bool]]", .dictionary), ("Set<Int>", .set), ("String", .string),
    ("Int", .trivial), ("Session", .other), ("[Int]?", .array),
  ])
  func `the kind of storage is read from the type`(type: String, kind: StorageKind) {
    let variable = Variable(kind: .global, module: nil, name: "x", type: type)
    #expect(StorageKind(variable) == kind)
  }

  @Test func `every kind of variable and storage has its own words`() {
    let types = ["[String: Int]", "Set<Int>", "[Int]", "String", "Int", "Session"]
    let writes = types.map { type in
      var variable = Samples.stock
      (variable.type, variable.qualifiedType) = (type, nil)
      return finding(.modify, .modify, variable: variable).consequence
    }
    #expect(Set(writes).count == types.count)
    for kind in [Variable.Kind.classProperty, .actorProperty, .capturedVariable, .global, .unknown]
    {
      var variable = Samples.stock
      variable.kind = kind
      #expect(!finding(.modify, .read, variable: variable).advice.isEmpty)
    }
  }

  @Test func `words are quoted as a shell needs them`() {
    #expect(
      ShellWords.joined(["./a", "b c", "", "it's", "x=1", "$HOME"])
        == #"./a 'b c' '' 'it'\''s' x=1 '$HOME'"#)
  }

  @Test func `paths below the current directory are relative`() {
    let paths = Paths(directory: "/shop")
    #expect(paths.relative("/shop/a/b.swift") == "a/b.swift")
    #expect(paths.relative("/shopping/b.swift") == "/shopping/b.swift")
    #expect(paths.relative("/shop") == "/shop")
    #expect(Paths(directory: "/").relative("/lib/a.so") == "/lib/a.so")
  }

  @Test func `numbers are written for people`() {
    #expect(Number.grouped(0) == "0")
    #expect(Number.grouped(999) == "999")
    #expect(Number.grouped(1_234_567) == "1,234,567")
    #expect(Number.percent(0) == "0 %")
    #expect(Number.percent(0.004) == "< 1 %")
    #expect(Number.percent(0.126) == "13 %")
    #expect(Number.percent(0.999) == "> 99 %")
    #expect(Number.percent(1) == "100 %")
    #expect(Number.duration(nanoseconds: 0) == "0 s")
    #expect(Number.duration(nanoseconds: 900) == "1 µs")
    #expect(Number.duration(nanoseconds: 12_000_000) == "12 ms")
    #expect(Number.duration(nanoseconds: 1_560_000_000) == "1.5 s")
  }
}
