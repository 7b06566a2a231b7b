import Testing
import TophashFindings

@testable import TophashReports

/// Reports of several runs, and of earlier ones.
@Suite struct TogetherTests {
  private func finding(_ name: String, pid: Int32 = 1, occurrences: UInt64 = 1) -> Finding {
    var variable = Samples.stock
    variable.name = name
    return Finding(
      grade: .caught, variable: variable, open: Samples.restock, begun: Samples.order,
      occurrences: occurrences, processes: [.init(pid: pid, program: "/shop/Warehouse")])
  }

  private func report(_ findings: [Finding], seed: UInt64) -> Report {
    Report(
      findings: findings, runs: [Run(command: ["./x"], seed: seed, end: .exited(0))],
      processes: [], lockConflicts: 1, possiblyOrdered: 2)
  }

  @Test func `what several shards found is one finding, and what is to be typed is the shard's`() {
    let merged = Report.merged([
      report([finding("A.a", pid: 1, occurrences: 3)], seed: 1),
      report([finding("A.a", pid: 2, occurrences: 4), finding("B.b", pid: 2)], seed: 2),
    ])
    #expect(merged.findings.map(\.variable.name) == ["A.a", "B.b"])
    #expect(merged.findings[0].occurrences == 7)
    #expect(merged.findings[0].processes.map(\.pid) == [1, 2])
    #expect(merged.repeatCommand(for: merged.findings[0]) == "tophash run --seed 1 -- ./x")
    #expect(merged.repeatCommand(for: merged.findings[1]) == "tophash run --seed 2 -- ./x")
    #expect((merged.lockConflicts, merged.possiblyOrdered) == (2, 4))
  }

  @Test func `a finding that one shard does not suppress is open`() {
    var suppressed = finding("A.a")
    suppressed.suppression = Suppression(kind: .file, place: "x:1", reason: "y")
    let one = report([suppressed], seed: 1)
    #expect(Report.merged([one, one]).open.isEmpty)
    let other = report([finding("A.a")], seed: 2)
    for reports in [[one, other], [other, one]] {
      #expect(Report.merged(reports).open.count == 1)
    }
  }

  @Test func `compared, a finding is new, still there or gone`() {
    let before = report([finding("A.a"), finding("B.b")], seed: 1)
    var after = report([finding("B.b"), finding("C.c")], seed: 2).compared(to: before)
    #expect(after.findings.map(\.variable.name) == ["B.b", "C.c", "A.a"])
    #expect(after.findings.map(\.comparison) == [.still, .new, .gone])
    #expect(after.repeatCommand(for: after.findings[2]) == "tophash run --seed 1 -- ./x")
    #expect(after.open.map(\.variable.name) == ["B.b", "C.c"])
    #expect(after.fails(isStrict: false))
    after.keepNew()
    #expect(after.findings.map(\.variable.name) == ["C.c"])
  }

  @Test func `lines that move make nothing new`() {
    var moved = finding("A.a")
    for index in moved.open.stack.indices { moved.open.stack[index].location?.line += 100 }
    moved = Finding(
      grade: moved.grade, variable: moved.variable, open: moved.open, begun: moved.begun)
    let compared = report([moved], seed: 2).compared(to: report([finding("A.a")], seed: 1))
    #expect(compared.findings.map(\.comparison) == [.still])
  }

  @Test func `candidates fail only strict checks, suppressed findings none`() {
    var candidate = finding("A.a")
    candidate.grade = .unordered
    #expect(!report([candidate], seed: 1).fails(isStrict: false))
    #expect(report([candidate], seed: 1).fails(isStrict: true))
    candidate.suppression = Suppression(kind: .file, place: "x:1", reason: "y")
    #expect(!report([candidate], seed: 1).fails(isStrict: true))
  }
}
