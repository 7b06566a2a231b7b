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

  @Test(arguments: [
    (["a.xctest", "CartTests.AddingTests/testAdds"], "AddingTests.testAdds()"),
    (["a.xctest", "CartTests.AddingTests"], nil), (["a.xctest"], nil), (["a.xctest", ""], nil),
    (["a.xctest", "C.A/testOne,C.A/testTwo"], nil), (["a.xctest", "/"], nil),
    (["a.xctest", "--filter", "C.A/testOne"], nil),
  ])
  func `the only test of a process`(_ arguments: [String], _ test: String?) throws {
    let bundle = EventFileFixture(program: "/p/a.xctest", arguments: arguments)
    #expect(try bundle.parsed().header.onlyTest == test)
    let other = EventFileFixture(program: "/p/a", arguments: arguments)
    #expect(try other.parsed().header.onlyTest == nil)
  }

  @Test func `a process tells the names of scopes, innermost first`() throws {
    let file = try EventFileFixture(
      scopes: [1: Scope(name: "a"), 2: Scope(name: "b", parent: 1), 4: Scope(name: "c", parent: 2)]
    ).parsed()
    #expect(file.scopeNames(from: 4) == ["c", "b", "a"])
    #expect(file.scopeNames(from: 3) == [])
    #expect(file.scopeNames(from: 0) == [])
    // Damaged: parents that lead nowhere, or round and round.
    let damaged = try EventFileFixture(
      scopes: [2: Scope(name: "b", parent: 5), 5: Scope(name: "e", parent: 2)]
    ).parsed()
    #expect(damaged.scopeNames(from: 2) == ["b"])
    #expect(damaged.scopeNames(from: 5) == ["e", "b"])
  }

  @Test func `each combination of tests is named once, the proven ones first`() throws {
    let (one, other) = (try #require(test("A.one()")), try #require(test("A.other()")))
    #expect(
      TestInvolvement.sorted([.partly(one), .one(other), .two(one, other), .one(one)])
        == [.one(one), .one(other), .two(one, other), .partly(one)])
  }
}
