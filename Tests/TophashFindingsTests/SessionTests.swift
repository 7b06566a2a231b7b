import CTophashProtocol
import Testing

@testable import TophashFindings

@Suite struct SessionTests {
  private func fixture(
    _ program: String, state: tophash_state = TOPHASH_STATE_WATCHING, start: UInt64 = 1
  ) -> EventFileFixture {
    var fixture = EventFileFixture()
    (fixture.program, fixture.state, fixture.start) = (program, state.rawValue, start)
    return fixture
  }

  @Test func `processes are in the order of their start`() {
    let session = Session(files: [
      ("2", fixture("/b", start: 20).bytes), ("1", fixture("/a", start: 10).bytes),
    ])
    #expect(session.processes.map(\.header.program) == ["/a", "/b"])
  }

  @Test func `a file that cannot be read is noted, and the others are kept`() {
    let session = Session(files: [("1", fixture("/a").bytes), ("2", [1, 2, 3])])
    #expect(session.processes.count == 1)
    #expect(session.unreadable.map(\.name) == ["2"])
    #expect(session.unreadable.map(\.error) == [.truncated(needed: 8, found: 3)])
  }

  @Test func `processes without a Swift runtime are not subjects`() throws {
    let session = Session(files: [
      ("1", fixture("/a", state: TOPHASH_STATE_WAITING).bytes),
      ("2", fixture("/b", state: TOPHASH_STATE_STARTING).bytes),
      ("3", fixture("/c", state: TOPHASH_STATE_REFUSED).bytes),
      ("4", fixture("/d").bytes),
    ])
    #expect(session.subjects.map(\.header.program) == ["/c", "/d"])
  }

  @Test(arguments: [
    ("/swift/usr/bin/swift-package", true),
    ("/swift/usr/bin/swift-frontend", true),
    ("/swift/usr/bin/swift", true),
    ("/tmp/TemporaryDirectory.x7/shop-manifest", true),
    ("/swift/usr/libexec/swift/linux/swift-backtrace-static", true),
    ("/swift/usr/libexec/swift/pm/swiftpm-xctest-helper", true),
    ("/swift/usr/libexec/swift/pm/swiftpm-testing-helper", false),
    ("/shop/.build/debug/ShopPackageTests.xctest", false),
    ("/shop/.build/debug/swift-server", false),
    ("/home/bin/swiftlint", false),
    ("/home/bin/swift-outdated", false),
    ("/swift/usr/bin/swift-format", false),
    ("/shop/.build/debug/swift-package", false),
    ("/shop/.build/debug/shop-manifest", false),
  ])
  func `the toolchain's own programs are not subjects`(program: String, isToolchain: Bool) throws {
    #expect(try fixture(program).parsed().header.isToolchain == isToolchain)
  }

  @Test func `coverage is summed over processes`() throws {
    var one = fixture("/a")
    one.counters = [(3, 1)]
    one.change = { $0.holds = 2 }
    var other = fixture("/b")
    other.counters = [(4, 2)]
    other.hook = TOPHASH_HOOK_INTERPOSED.rawValue
    other.change = { $0.holds = 5 }
    let coverage = Coverage([try one.parsed(), try other.parsed()])
    #expect(coverage.processes == 2)
    #expect(coverage.accesses == AccessCounts(tracked: 7, instantaneous: 3))
    #expect(coverage.instantaneousShare == 0.3)
    #expect(coverage.work.holds == 7)
    #expect(coverage.hooks == [.patched, .interposed])
    #expect(Coverage([]).instantaneousShare == 0)
  }
}
