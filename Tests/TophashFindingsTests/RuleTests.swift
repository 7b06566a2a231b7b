import Testing
import TophashFindings
import TophashSymbols

@Suite struct RuleTests {
  private func finding(
    _ open: Side.Operation, _ begun: Side.Operation, _ kind: Variable.Kind = .classProperty
  ) -> Finding {
    func side(_ operation: Side.Operation) -> Side {
      Side(operation: operation, owner: .task(id: 1, name: nil), threadID: 1, stack: [])
    }
    return Finding(
      grade: .caught, variable: Variable(kind: kind, module: nil, name: "a.b", type: nil),
      open: side(open), begun: side(begun))
  }

  @Test func `the rule follows from what both sides do, in either order`() {
    #expect(finding(.modify, .modify).rule == .concurrentModification)
    #expect(finding(.modify, .read).rule == .concurrentReadAndModification)
    #expect(finding(.read, .modify).rule == .concurrentReadAndModification)
    #expect(finding(.modify, .modify, .storage).rule == .storageModification)
  }

  @Test func `the rule does not depend on the proof`() {
    var candidate = finding(.modify, .modify)
    candidate.grade = .unordered
    #expect(candidate.rule == .concurrentModification)
  }

  @Test func `names are what people have written down`() {
    #expect(
      Rule.allCases.map(\.rawValue) == [
        "concurrent-modification", "concurrent-read-and-modification", "storage-modification",
      ])
  }
}
