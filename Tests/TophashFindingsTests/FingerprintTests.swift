import Testing
import TophashSymbols

@testable import TophashFindings

@Suite struct FingerprintTests {
  private func side(_ function: String, line: Int = 1, offset: UInt64 = 1) -> Side {
    Side(
      operation: .modify, owner: .task(id: 1, name: nil), threadID: 1,
      stack: [.of(function, line: line, offset: offset)])
  }

  private func fingerprint(
    _ one: String, _ other: String, variable: Variable = WordTable.stock
  ) -> String {
    Fingerprint(variable: variable, side(one), side(other)).description
  }

  /// The value itself: a change of it breaks everybody's suppressions and baselines.
  @Test func `it is the same in every run and every version`() {
    #expect(fingerprint("Inventory.add(_:count:)", "Inventory.available(_:)") == "T-332ecc9a")
  }

  @Test func `the order of the sides does not matter`() {
    #expect(fingerprint("A.a()", "B.b()") == fingerprint("B.b()", "A.a()"))
  }

  @Test func `lines and addresses do not matter`() {
    let one = Fingerprint(variable: WordTable.stock, side("A.a()"), side("B.b()"))
    let other = Fingerprint(
      variable: WordTable.stock, side("A.a()", line: 99, offset: 7), side("B.b()", line: 3))
    #expect(one == other)
  }

  @Test func `functions, variable and type matter`() {
    var renamed = WordTable.stock
    renamed.name = "Inventory.shelf"
    var retyped = WordTable.stock
    retyped.qualifiedType = "Swift.Array<Swift.Int>"
    var moved = WordTable.stock
    moved.module = "Depot"
    let all = [
      fingerprint("A.a()", "B.b()"), fingerprint("A.a()", "A.a()"), fingerprint("B.b()", "B.b()"),
      fingerprint("A.a()", "B.b()", variable: renamed),
      fingerprint("A.a()", "B.b()", variable: retyped),
      fingerprint("A.a()", "B.b()", variable: moved),
    ]
    #expect(Set(all).count == all.count)
  }

  @Test(arguments: [
    ("Shop.open(_:)", "Shop.open(_:)"),
    ("closure #1 in Shop.open(_:)", "Shop.open(_:)"),
    ("closure #2 in closure #1 in Shop.open(_:)", "Shop.open(_:)"),
    ("Shop.open<A, B>(_:)", "Shop.open(_:)"),
    ("Shelf<Item<Int>>.put(_:)", "Shelf.put(_:)"),
    ("specialized Shelf.put(_:)", "Shelf.put(_:)"),
    ("static Shelf.< infix(_:_:)", "static Shelf.< infix(_:_:)"),
    ("Shop + 0x1a40", "Shop"),
    ("", ""),
  ])
  func `what a compiler may choose differently is folded`(function: String, simplified: String) {
    #expect(Fingerprint.simplified(function) == simplified)
  }
}
