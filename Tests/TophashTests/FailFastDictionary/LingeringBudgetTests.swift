import Testing

@testable import Tophash

@Suite struct LingeringBudgetTests {
  @Test func `lingers one at a time, and a hundredth of the time`() {
    let budget = LingeringBudget()
    #expect(budget.takes(at: 1000))
    #expect(!budget.takes(at: 1_000_000_000))
    budget.spent(60, at: 1060)
    #expect(!budget.takes(at: 7059))
    #expect(budget.takes(at: 7060))
  }

  @Test func `can be turned off`() {
    let budget = LingeringBudget()
    budget.isOn.store(false, ordering: .relaxed)
    #expect(!budget.takes(at: 1000))
  }
}
