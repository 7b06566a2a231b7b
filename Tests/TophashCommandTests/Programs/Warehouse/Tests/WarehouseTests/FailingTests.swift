import Testing

@Suite struct FailingTests {
  @Test func `more is expected than was delivered`() {
    #expect(count() == 201)
  }
}
