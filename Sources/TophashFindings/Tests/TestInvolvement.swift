/// Which tests a conflict belongs to.
package enum TestInvolvement: Hashable, Sendable {
  /// Both accesses were made by it, or by what it started.
  case one(TestReference)
  /// Each access was made by another test: they share what they should not.
  case two(TestReference, TestReference)
  /// One access was made by this test; whose the other was is not known.
  case partly(TestReference)

  /// `nil` when no test is known to have taken part.
  package init?(_ one: TestReference?, _ other: TestReference?) {
    switch (one, other) {
    case (nil, nil): return nil
    case (let test?, nil), (nil, let test?): self = .partly(test)
    case (let one?, let other?):
      guard one.isSame(as: other) else {
        // In one order, whoever came first.
        self = one.name < other.name ? .two(one, other) : .two(other, one)
        return
      }
      self = .one(one.merged(with: other))
    }
  }

  /// The tests that took part.
  package var tests: [TestReference] {
    switch self {
    case .one(let test), .partly(let test): [test]
    case .two(let one, let other): [one, other]
    }
  }

  /// Those of one test first, then by the names of the tests.
  static func sorted(_ involvements: Set<Self>) -> [Self] {
    involvements.map { (rank: $0.rank, names: $0.tests.map(\.name), involvement: $0) }
      .sorted { ($0.rank, $0.names[0], $0.names.last!) < ($1.rank, $1.names[0], $1.names.last!) }
      .map(\.involvement)
  }

  private var rank: Int {
    switch self {
    case .one: 0
    case .two: 1
    case .partly: 2
    }
  }
}
