import TophashFindings

/// A test in JSON; one of both is there.
struct JSONTest: Codable {
  var function: String?
  var title: String?

  init(_ test: TestReference) {
    function = test.function
    title = test.title
  }

  /// `nil` for a text that names neither.
  var test: TestReference? { TestReference(function: function, title: title) }
}

/// The tests in which the two sides of a finding met, in JSON.
struct JSONTestInvolvement: Codable {
  enum Kind: String, Codable {
    case one, two, partly
  }

  var kind: Kind
  var tests: [JSONTest]

  init(_ involvement: TestInvolvement) {
    kind =
      switch involvement {
      case .one: .one
      case .two: .two
      case .partly: .partly
      }
    tests = involvement.tests.map(JSONTest.init)
  }

  /// `nil` for tests that are not as many as the kind says.
  var involvement: TestInvolvement? {
    let tests = tests.compactMap(\.test)
    return switch (kind, tests.count) {
    case (.one, 1): .one(tests[0])
    case (.two, 2): .two(tests[0], tests[1])
    case (.partly, 1): .partly(tests[0])
    default: nil
    }
  }
}
