import Testing
import TophashSearch

@Suite struct PortfolioTests {
  @Test func `every scheduler has its turns`() {
    let portfolio = Portfolio()
    #expect(Set((0..<40).map { portfolio.scheduler(for: $0) }) == Set(Scheduler.allCases))
  }

  @Test func `a scheduler whose runs repeat is dropped, and others take its turns`() {
    var portfolio = Portfolio()
    for index in 0..<40 {
      let scheduler = portfolio.scheduler(for: index)
      portfolio.note(scheduler, hash: scheduler == .posLate ? 1 : UInt64(index + 2))
    }
    portfolio.endRound()
    // Its first run was a new one.
    #expect(!portfolio.members.contains { $0.isDropped })
    for index in 40..<80 {
      let scheduler = portfolio.scheduler(for: index)
      portfolio.note(scheduler, hash: scheduler == .posLate ? 1 : UInt64(index + 2))
    }
    portfolio.endRound()
    #expect(portfolio.members.filter(\.isDropped).map(\.scheduler) == [.posLate])
    #expect(!(80..<200).contains { portfolio.scheduler(for: $0) == .posLate })
  }

  @Test func `nobody is dropped when all repeat`() {
    var portfolio = Portfolio()
    for round in 0..<3 {
      for index in 0..<40 { portfolio.note(portfolio.scheduler(for: index), hash: 1) }
      portfolio.endRound()
      #expect(!portfolio.members.contains { $0.isDropped }, "round \(round)")
    }
  }
}
