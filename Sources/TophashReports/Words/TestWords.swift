import TophashFindings

extension TestInvolvement {
  /// In which test, in a few words.
  var words: String {
    switch self {
    case .one(let test): "in test \(test.name)"
    case .two(let one, let other):
      "between two tests: \(one.name) and \(other.name)"
    case .partly(let test):
      "with test \(test.name) on one side; whose the other side is, is not known"
    }
  }
}

extension Finding {
  /// Of a finding that many tests show, a few say as much as all.
  private static let namedTests = 4

  /// The tests, a line each; none where no test took part.
  var testLines: [String] {
    var lines = involvements.prefix(Self.namedTests).map(\.words)
    let others = involvements.count - Self.namedTests
    if others > 0 { lines.append("and in \(Number.counted(UInt64(others), "other test"))") }
    return lines
  }
}
