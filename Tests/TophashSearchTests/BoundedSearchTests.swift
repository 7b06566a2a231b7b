import Testing
import TophashSearch

@Suite struct BoundedSearchTests {
  /// A made-up program: at steps 1, 2, 3, … of its only thread, thread 1 could go on instead.
  private func crossroads(_ count: Int) -> [Crossroads] {
    (1...count).map { Crossroads(thread: 0, ownStep: $0, others: [1]) }
  }

  /// Tries everything; the schedules in the order in which they were tried.
  private func all(_ search: inout BoundedSearch, _ count: Int) -> [[Int]] {
    search.note([], crossroads(count))
    var tried: [[Int]] = []
    while let choices = search.take() {
      tried.append(choices.map(\.step))
      search.note(choices, crossroads(count))
    }
    return tried
  }

  @Test func `each set of switches is tried once, small ones first`() {
    var search = BoundedSearch()
    let tried = all(&search, 4)
    #expect(Set(tried).count == 15)
    #expect(tried.count == 15)
    #expect(tried.map(\.count) == tried.map(\.count).sorted())
    #expect(search.isEverythingTried)
    #expect(search.completeUpTo == 4)
  }

  @Test func `what is complete is told while it goes on`() {
    var search = BoundedSearch()
    #expect(search.completeUpTo == nil)
    search.note([], crossroads(2))
    #expect(search.completeUpTo == 0)
    let one = search.take()!
    let other = search.take()!
    search.note(one, crossroads(2))
    #expect(search.completeUpTo == 0)
    search.note(other, crossroads(2))
    #expect(search.completeUpTo == 1)
    #expect(!search.isEverythingTried)
  }

  @Test func `what has no room is never called complete`() {
    var search = BoundedSearch(room: 6)
    _ = all(&search, 4)
    #expect(!search.isEverythingTried)
    #expect(search.completeUpTo == 1)
  }
}
