/// Which scheduler is tried when: all of them in turn, without those that turn out to be blind.
///
/// No scheduler finds everything. One that lets new threads wait finds what needs many of them
/// at once, and nothing where their creator takes part; one that is fair finds little in
/// programs whose threads are of very different length. So the turns are shared, and a
/// scheduler whose runs repeat each other gives its turns to the rest.
package struct Portfolio: Sendable {
  /// A scheduler and what it did so far.
  package struct Member: Sendable {
    package var scheduler: Scheduler
    package var runs = 0
    /// Runs that were like none before, of any member.
    package var distinct = 0
    package var isDropped = false
    /// In the latest round.
    fileprivate var recentRuns = 0
    fileprivate var recentDistinct = 0
  }

  package private(set) var members: [Member]
  /// How often there was a run with this hash.
  private var counts: [UInt64: Int] = [:]

  /// The turns, again and again. Shares and order come from `Scripts/corpus`: what finds most goes
  /// first and most often, and each of the others finds something that it does not.
  static let turns: [Scheduler] = [
    .alike, .hold, .random, .alike, .bounded, .posLate, .alike, .random, .pos, .bounded, .pct,
    .sticky,
  ]
  /// After so many turns, members are judged.
  package static let round = 40

  /// A member that is to take turns from another one has had at least so many new runs.
  static let news = 4

  package init(only scheduler: Scheduler? = nil) {
    members = (scheduler.map { [$0] } ?? Scheduler.allCases).map { Member(scheduler: $0) }
  }

  /// Different runs so far.
  package var distinct: Int { counts.count }

  /// The scheduler for the `index`th run, from 0.
  package func scheduler(for index: Int) -> Scheduler {
    if members.count == 1 { return members[0].scheduler }
    let turns = Self.turns.filter { turn in
      members.contains { $0.scheduler == turn && !$0.isDropped }
    }
    return turns[index % turns.count]
  }

  /// Takes note of a run. Runs are noted in the order of their numbers.
  package mutating func note(_ scheduler: Scheduler?, hash: UInt64) {
    counts[hash, default: 0] += 1
    let isNew = counts[hash] == 1
    guard let index = members.firstIndex(where: { $0.scheduler == scheduler }) else { return }
    members[index].runs += 1
    members[index].recentRuns += 1
    if isNew {
      members[index].distinct += 1
      members[index].recentDistinct += 1
    }
  }

  /// Drops members whose latest runs were all known, as long as another one is left.
  package mutating func endRound() {
    for index in members.indices where !members[index].isDropped {
      let isBlind = members[index].recentRuns >= 4 && members[index].recentDistinct == 0
      let others = members.indices.filter { $0 != index && !members[$0].isDropped }
      if isBlind, others.contains(where: { members[$0].recentDistinct >= Self.news }) {
        members[index].isDropped = true
      }
      members[index].recentRuns = 0
      members[index].recentDistinct = 0
    }
  }

  /// How likely the next run is to be a new one: the share of runs that were seen once only
  /// (Good and Turing's estimate of the unseen).
  package var unseen: Double {
    let total = counts.values.reduce(0, +)
    return total == 0 ? 1 : Double(counts.values.count { $0 == 1 }) / Double(total)
  }
}
