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

  /// `known` and `new` together, each once, the proven ones first.
  static func merged(_ known: [Self], _ new: [Self]) -> [Self] {
    var merged = known
    for involvement in new where !merged.contains(involvement) { merged.append(involvement) }
    return merged.sorted { ($0.rank, $0.tests[0].name) < ($1.rank, $1.tests[0].name) }
  }

  private var rank: Int {
    switch self {
    case .one: 0
    case .two: 1
    case .partly: 2
    }
  }
}
