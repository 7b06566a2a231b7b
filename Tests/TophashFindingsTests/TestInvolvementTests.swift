import Testing

@testable import TophashFindings

/// Which test a finding belongs to.
@Suite struct TestInvolvementTests {
  private func test(_ function: String?, _ title: String? = nil) -> TestReference? {
    TestReference(function: function, title: title)
  }

  @Test func `a finding is a test's only when both sides are`() throws {
    let one = try #require(test("A.one()"))
    let other = try #require(test("A.other()"))
    #expect(TestInvolvement(nil, nil) == nil)
    #expect(TestInvolvement(one, one) == .one(one))
    #expect(TestInvolvement(one, nil) == .partly(one))
    #expect(TestInvolvement(nil, one) == .partly(one))
    // Whoever came first.
    #expect(TestInvolvement(one, other) == .two(one, other))
    #expect(TestInvolvement(other, one) == .two(one, other))
  }

  @Test func `what the sides know of a test is put together`() throws {
    let function = try #require(test("A.one()"))
    let title = try #require(test(nil, "one thing"))
    let both = try #require(test("A.one()", "one thing"))
    #expect(TestInvolvement(function, title) == .one(both))
    #expect(TestInvolvement(title, function) == .one(both))
    let other = try #require(test("B.other()", "other thing"))
    #expect(TestInvolvement(title, other) == .two(title, other))
    #expect(title.name == "\"one thing\"")
  }

  @Test(arguments: [
    ("[Swift Testing] test \"orders meet\" - running", "orders meet"),
    ("[Swift Testing] test \"orders\" - running test case #2", "orders"),
    ("[Swift Testing] test plain() - running", "plain()"),
    ("[Swift Testing] test \"a name so long that it was c", "a name so long that it was c"),
    ("restock", nil), ("[Swift Testing] test ", nil), ("[Swift Testing] test \"", nil),
    ("[Swift Testing] suite Orders - running", nil), ("", nil),
  ])
  func `the test in the name of a task`(_ name: String, _ title: String?) {
    #expect(TestReference.title(of: name) == title)
  }

  @Test func `each combination of tests is named once, the proven ones first`() throws {
    let (one, other) = (try #require(test("A.one()")), try #require(test("A.other()")))
    #expect(
      TestInvolvement.sorted([.partly(one), .one(other), .two(one, other), .one(one)])
        == [.one(one), .one(other), .two(one, other), .partly(one)])
  }
}
