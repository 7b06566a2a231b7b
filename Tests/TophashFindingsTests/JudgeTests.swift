import CTophashProtocol
import Testing
import TophashSymbols

@testable import TophashFindings

@Suite struct JudgeTests {
  /// Two functions of a warehouse that reach its stock, at 0x1001 and 0x2001.
  let words = WordTable(
    functions: [
      0x1001: [.of("Inventory.stock.modify", line: 5), .of("Inventory.add(_:count:)", line: 41)],
      0x2001: [.of("Inventory.available(_:)", line: 58)],
      0x2002: [.of("Inventory.available(_:)", line: 58, offset: 0x20)],
      0x3001: [.of("Inventory.audit()", line: 70)],
      0x4001: [.dispatch],
    ],
    variables: [0x7000: WordTable.stock, 0x7100: WordTable.stock])

  private func judged(_ fixtures: EventFileFixture...) throws -> Judge {
    var judge = Judge()
    for fixture in fixtures { judge.add(try fixture.parsed(), interpreter: words) }
    return judge
  }

  private func fixture(pid: UInt32 = 4242, _ conflicts: EventFileFixture.Conflict...)
    -> EventFileFixture
  {
    var fixture = EventFileFixture()
    (fixture.pid, fixture.conflicts) = (pid, conflicts)
    return fixture
  }

  @Test func `what leads out of all code awaits nothing, nor does the runtime at the end`() {
    let resume = Frame.of("Shop.open()", line: 4)
    let main = Frame.of("main", line: 27)
    #expect(
      Side.awaitingCallers([[resume], [.dispatch], [main], [.dispatch]])
        == [resume, .dispatch, main])
    #expect(Side.awaitingCallers([[resume], [.unknown(at: 0x3)], [main]]) == [resume])
    #expect(Side.awaitingCallers([[resume], [], [main]]) == [resume])
    #expect(Side.awaitingCallers([[.dispatch]]) == [])
  }

  @Test func `an accessor that the compiler made has its caller's line`() {
    let stack = Side.located([
      .of("Shop.log.modify"), .of("Shop.log.setter", line: 3), .of("Shop.run()"),
      .of("main", line: 27),
    ])
    #expect(stack.map { $0.location?.line } == [3, 3, nil, 27])
    #expect(stack.map { $0.location?.precision } == [.caller, .exact, nil, .exact])
  }

  @Test func `a merged function has its caller's line, and no other has`() {
    let stack = Side.located([
      .of("swift_beginAccess", module: nil, image: "/usr/lib/swift/linux/libswiftCore.so"),
      .of("Ledger.credit(_:)", isMerged: true), .of("one(_:)", isMerged: true), .dispatch,
      .of("main", line: 27), .of("Ledger.audit()"), .of("Ledger.lost()", isMerged: true),
    ])
    #expect(stack.map { $0.location?.line } == [nil, 27, 27, nil, 27, nil, nil])
    #expect(
      stack.map { $0.location?.precision }
        == [nil, .caller, .caller, nil, .exact, nil, nil])
  }

  @Test func `storage is named by its type, whatever variable lies at its address`() throws {
    let judge = try judged(
      fixture(EventFileFixture.Conflict(subject: TOPHASH_SUBJECT_STORAGE.rawValue)))
    #expect(judge.report.map(\.variable.kind) == [.storage])
    #expect(judge.report.map(\.variable.type) == ["[Int]"])
    #expect(judge.report.map(\.grade) == [.caught])
  }

  @Test func `a conflict becomes a finding in words`() throws {
    var open = EventFileFixture.Side.task(7, "restock", frames: [0x1001, 0x4001])
    open.flags |= TOPHASH_SIDE_HELD.rawValue
    open.asyncFrames = [0x3001]
    var begun = EventFileFixture.Side().reading()
    (begun.threadID, begun.threadName, begun.frames) = (77, "worker", [0x2001])
    begun.queueLabel = "com.example.work"
    let judge = try judged(fixture(.init(repeats: 2, open: open, begun: begun)))

    let finding = try #require(judge.report.first)
    #expect(finding.grade == .caught)
    #expect(finding.variable == WordTable.stock)
    #expect(finding.occurrences == 3)
    #expect(finding.processes == [.init(pid: 4242, program: "/shop/.build/debug/Warehouse")])
    #expect(finding.open.operation == .modify)
    #expect(finding.open.owner == .task(id: 7, name: "restock"))
    #expect(finding.open.stack.count == 3)
    #expect(finding.open.site?.function == "Inventory.add(_:count:)")
    #expect(finding.open.awaitedBy.map(\.function) == ["Inventory.audit()"])
    #expect(finding.open.isHeld)
    #expect(finding.open.hasExactStack)
    #expect(!finding.open.isSuspended)
    #expect(finding.begun.operation == .read)
    #expect(finding.begun.owner == .thread(id: 77, name: "worker", isMain: false))
    #expect(finding.begun.queue == "com.example.work")
    #expect(finding.begun.site?.location?.line == 58)
  }

  @Test func `the same two sites are one finding, in either order and over processes`() throws {
    let add = EventFileFixture.Side.task(1, "a", frames: [0x1001])
    let look = EventFileFixture.Side.task(2, "b", frames: [0x2001]).reading()
    // Another instruction of the same line, and another object.
    let lookAgain = EventFileFixture.Side.task(2, "b", frames: [0x2002]).reading()
    let judge = try judged(
      fixture(
        pid: 2, .init(repeats: 4, open: add, begun: look), .init(open: look, begun: add),
        .init(address: 0x7100, open: add, begun: lookAgain)),
      fixture(pid: 1, .init(open: lookAgain, begun: add)))
    #expect(judge.report.map(\.occurrences) == [8])
    #expect(judge.report[0].processes.map(\.pid) == [1, 2])
  }

  @Test func `other functions and other operations are other findings`() throws {
    let add = EventFileFixture.Side.task(1, "a", frames: [0x1001])
    let look = EventFileFixture.Side.task(2, "b", frames: [0x2001])
    let audit = EventFileFixture.Side.task(3, "c", frames: [0x3001])
    let judge = try judged(
      fixture(
        .init(open: add, begun: look), .init(open: add, begun: look.reading()),
        .init(repeats: 5, open: add, begun: audit)))
    #expect(judge.report.map(\.occurrences) == [6, 1, 1])
  }

  @Test func `locks make no finding, told by address or by type`() throws {
    var byAddress = fixture(.init(address: 0x8000))
    byAddress.locks = [0x8000]
    var words = words
    words.variables[0x9000] = Variable(
      kind: .classProperty, module: "Shop", name: "Gate.mutex", type: "pthread_mutex_t",
      qualifiedType: "__C.pthread_mutex_t")
    var judge = Judge()
    judge.add(try byAddress.parsed(), interpreter: words)
    judge.add(try fixture(.init(address: 0x9000)).parsed(), interpreter: words)
    #expect(judge.report.isEmpty)
    #expect(judge.lockConflicts == 2)
  }

  @Test func `the lock of one process says nothing about an address in another`() throws {
    var one = fixture(pid: 1)
    one.locks = [0x7000]
    let judge = try judged(one, fixture(pid: 2, .init()))
    #expect(judge.report.count == 1)
    #expect(judge.lockConflicts == 0)
  }

  @Test func `the exact side of two is kept`() throws {
    var vague = EventFileFixture.Side.task(1, "vague", frames: [0x1001])
    vague.flags |= TOPHASH_SIDE_SUSPENDED.rawValue
    let exact = EventFileFixture.Side.task(2, "exact", frames: [0x1001, 0x4001])
    let other = EventFileFixture.Side.task(3, "other", frames: [0x2001])
    for conflicts in [[vague, exact], [exact, vague]] {
      var fixture = fixture()
      fixture.conflicts = conflicts.map { .init(open: $0, begun: other) }
      #expect(try judged(fixture).report.map(\.open.owner) == [.task(id: 2, name: "exact")])
    }
  }

  @Test func `the main thread is called so, and unnamed threads have no name`() throws {
    var main = EventFileFixture.Side()
    (main.threadID, main.threadName) = (4242, "Warehouse")
    var pool = EventFileFixture.Side()
    (pool.threadID, pool.threadName) = (9, "oot.default-qos")
    let finding = try #require(
      try judged(fixture(.init(open: main, begun: pool))).report.first)
    #expect(finding.open.owner == .thread(id: 4242, name: nil, isMain: true))
    #expect(finding.begun.owner == .thread(id: 9, name: nil, isMain: false))
  }

  @Test func `an address in no image is shown as it is`() throws {
    let side = EventFileFixture.Side.task(1, "a", frames: [0xabc])
    let finding = try #require(
      try judged(fixture(.init(open: side, begun: side))).report.first)
    #expect(finding.open.site?.function == "0xabc")
  }

  @Test func `a stack without own code shows its innermost frame`() throws {
    let side = EventFileFixture.Side.task(1, "a", frames: [0x4001])
    let finding = try #require(
      try judged(fixture(.init(open: side, begun: side))).report.first)
    #expect(finding.open.siteIndex == nil)
    #expect(finding.open.site == .dispatch)
  }

  private func unordered(_ open: UInt64, _ begun: UInt64) -> EventFileFixture.Conflict {
    EventFileFixture.Conflict(
      repeats: 4, open: .task(1, "one", frames: [open]), begun: .task(2, "two", frames: [begun]),
      proof: TOPHASH_PROOF_UNORDERED.rawValue)
  }

  @Test func `what nothing orders is a finding of its own grade`() throws {
    var conflict = unordered(0x1001, 0x2001)
    conflict.open.flags &= ~TOPHASH_SIDE_TASK.rawValue
    conflict.open.flags |= TOPHASH_SIDE_ITEM.rawValue
    conflict.open.queueLabel = "com.example.work"
    let finding = try #require(try judged(fixture(conflict)).report.first)
    #expect(finding.grade == .unordered)
    #expect(finding.occurrences == 5)
    #expect(finding.open.owner == .workItem(queue: "com.example.work"))
  }

  @Test func `the scopes of the two sides tell the tests`() throws {
    var conflict = EventFileFixture.Conflict()
    (conflict.open.scope, conflict.begun.scope) = (3, 2)
    var fixture = self.fixture(conflict)
    fixture.scopes = [
      1: Scope(name: "[Swift Testing] test \"adds\" - running"),
      2: Scope(name: "[Swift Testing] test \"adds\"", parent: 1),
      3: Scope(name: "something else", parent: 1),
    ]
    let one = try #require(TestReference(function: nil, title: "adds"))
    #expect(try judged(fixture).report.map(\.involvements) == [[.one(one)]])

    fixture.scopes[2] = Scope(name: "[Swift Testing] test removes()", parent: 0)
    let other = try #require(TestReference(function: nil, title: "removes()"))
    #expect(try judged(fixture).report.map(\.involvements) == [[.two(one, other)]])

    fixture.scopes[2] = nil
    #expect(try judged(fixture).report.map(\.involvements) == [[.partly(one)]])
  }

  @Test func `what a test expects is no finding, and is counted`() throws {
    var conflict = EventFileFixture.Conflict()
    conflict.flags = TOPHASH_CONFLICT_EXPECTED.rawValue
    let judge = try judged(fixture(conflict))
    #expect(judge.report.isEmpty)
    #expect(judge.expectedConflicts == 1)
  }

  @Test(arguments: [false, true])
  func `a pair that was caught is not a candidate as well`(isCaughtFirst: Bool) throws {
    let caught = EventFileFixture.Conflict(
      open: .task(1, "one", frames: [0x2001]), begun: .task(2, "two", frames: [0x1001]))
    let both = [caught, unordered(0x1001, 0x2001)]
    var fixture = EventFileFixture()
    fixture.conflicts = isCaughtFirst ? both : both.reversed()
    let finding = try #require(try judged(fixture).report.first)
    #expect(try judged(fixture).report.count == 1)
    #expect(finding.grade == .caught)
    // How often they were unordered says nothing of how often they met.
    #expect(finding.occurrences == 1)
  }

  @Test func `of one variable, what is proven comes before what is seen more often`() throws {
    var candidate = unordered(0x1001, 0x3001)
    candidate.repeats = 1_000
    var proof = unordered(0x1001, 0x2001)
    proof.proof = TOPHASH_PROOF_OVERLAP.rawValue
    var fixture = EventFileFixture()
    fixture.conflicts = [candidate, proof]
    #expect(try judged(fixture).report.map(\.grade) == [.caught, .unordered])
  }

  @Test func `what was tried is told of a candidate`() throws {
    var fixture = fixture(unordered(0x1001, 0x3001))
    fixture.visits = [
      SiteVisit(address: 0x1001, holds: 5, heldNanoseconds: 10, delays: 1),
      SiteVisit(address: 0x2001, holds: 100),
      SiteVisit(address: 0x3001, holds: 2, heldNanoseconds: 4, delays: 1),
    ]
    let finding = try #require(try judged(fixture).report.first)
    #expect(finding.tried == Tried(holds: 7, heldNanoseconds: 14, delays: 2))
    fixture.conflicts[0].begun.frames = [0x1001]
    #expect(try judged(fixture).report.first?.tried?.holds == 5, "one site counts once")
    fixture.conflicts[0].proof = TOPHASH_PROOF_OVERLAP.rawValue
    #expect(try judged(fixture).report.first?.tried == nil)
  }

  @Test(arguments: [(2, 0, false), (3, 0, true), (40, 1, false)] as [(UInt32, UInt32, Bool)])
  func `sides that wait for each other are ordered, unless they were caught`(
    delays: UInt32, caught: UInt32, isOrdered: Bool
  ) throws {
    var fixture = fixture(unordered(0x1001, 0x3001))
    fixture.visits = [SiteVisit(address: 0x3001, holds: 50, caught: caught, delays: delays)]
    let judge = try judged(fixture)
    #expect(judge.report.isEmpty == isOrdered)
    #expect(judge.orderedByInference == (isOrdered ? 1 : 0))
  }

  @Test func `a candidate is left out when both sides may be ordered unseen`() throws {
    var words = self.words
    words.atomicFunctions = ["Inventory.add(_:count:)", "Inventory.audit()"]
    var judge = Judge()
    let conflicts = [
      unordered(0x1001, 0x3001), unordered(0x1001, 0x2001),
      EventFileFixture.Conflict(
        open: .task(1, "one", frames: [0x1001]), begun: .task(2, "two", frames: [0x3001])),
    ]
    var fixture = EventFileFixture()
    fixture.conflicts = conflicts
    judge.add(try fixture.parsed(), interpreter: words)
    #expect(judge.possiblyOrdered == 1)
    #expect(
      judge.report.map(\.grade).sorted { $0.rawValue < $1.rawValue } == [.caught, .unordered])
    #expect(judge.report.first { $0.grade == .unordered }?.begun.site?.location?.line == 58)
  }
}

@Suite struct OwnerTests {
  @Test(arguments: [
    (Owner.task(id: 7, name: "restock"), "task 7 \"restock\""),
    (.task(id: 7, name: nil), "task 7"),
    (.task(id: nil, name: "restock"), "task \"restock\""),
    (.task(id: nil, name: nil), "task"),
    (.thread(id: 12, name: "worker", isMain: false), "thread 12 \"worker\""),
    (.thread(id: 12, name: nil, isMain: false), "thread 12"),
    (.thread(id: 12, name: "x", isMain: true), "main thread"),
  ])
  func `an owner is described as people speak of it`(owner: Owner, text: String) {
    #expect(owner.description == text)
  }
}
