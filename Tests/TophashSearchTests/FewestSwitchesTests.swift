import Testing
import TophashSearch

@Suite struct FewestSwitchesTests {
  /// A made-up program of ten steps that fails when all of `steps` are switches.
  private func search(failingAt steps: Set<Int>, limit: Int = 400) -> FewestSwitches<
    Never
  > {
    var search = FewestSwitches<Never> { choices in
      let crossroads = (1...10).map { Crossroads(thread: 0, ownStep: $0, others: [1]) }
      return (crossroads, Set(choices.map(\.step)).isSuperset(of: steps))
    }
    search.limit = limit
    return search
  }

  @Test func `a shorter way is found, and is known to be the shortest`() {
    var search = search(failingAt: [3, 8])
    let (choices, isFewest) = search.search(fewerThan: 5)
    #expect(choices?.map(\.step) == [3, 8])
    #expect(isFewest)
  }

  @Test func `where there is no shorter way, all of them were tried`() {
    var search = search(failingAt: [3, 8])
    let (choices, isFewest) = search.search(fewerThan: 2)
    #expect(choices == nil)
    #expect(isFewest)
    #expect(search.trials == 11)
  }

  @Test func `what was not tried is not claimed`() {
    var search = search(failingAt: [3, 8], limit: 5)
    let (choices, isFewest) = search.search(fewerThan: 2)
    #expect(choices == nil)
    #expect(!isFewest)
  }
}
