/// Which schedule a search tries next, as its seed alone decides.
package struct Turns {
  /// One run of a search.
  package struct Turn: Sendable {
    package var scheduler: Scheduler
    package var plan: Plan
  }

  package private(set) var portfolio: Portfolio
  package private(set) var bounded = BoundedSearch()
  private let seed: UInt64
  private let only: Scheduler?

  /// - Parameter only: The one scheduler to use; `nil` for a portfolio of all.
  package init(seed: UInt64, only: Scheduler? = nil) {
    self.seed = seed
    self.only = only
    portfolio = Portfolio(only: only)
  }

  /// What to do in the `index`th run, from 0; `nil` when there is nothing left.
  package mutating func turn(_ index: Int) -> Turn? {
    var scheduler = portfolio.scheduler(for: index)
    if scheduler == .bounded {
      if let choices = bounded.take() { return Turn(scheduler: .bounded, plan: .replay(choices)) }
      if only == .bounded { return nil }
      scheduler = .random
    }
    return Turn(scheduler: scheduler, plan: .search(scheduler, seed: runSeed(index)))
  }

  /// The seed of the `index`th run.
  private func runSeed(_ index: Int) -> UInt64 {
    var word = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index)
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// Takes note of the run in plain order.
  package mutating func notePlain(
    hash: UInt64, _ crossroads: [Crossroads], isWhole: Bool
  ) {
    portfolio.note(nil, hash: hash)
    bounded.note([], crossroads, isWhole: isWhole)
  }

  /// Takes note of a run. Runs are noted in the order of their numbers.
  ///
  /// - Parameters:
  ///   - crossroads: Where others could have gone on; only of runs of the bounded search.
  ///   - isWhole: Whether these are all of them.
  package mutating func note(
    _ turn: Turn, hash: UInt64, _ crossroads: [Crossroads], isWhole: Bool
  ) {
    portfolio.note(turn.scheduler, hash: hash)
    if case .replay(let choices) = turn.plan {
      bounded.note(choices, crossroads, isWhole: isWhole)
    }
  }

  /// Judges the members of the portfolio after a round.
  package mutating func endRound() { portfolio.endRound() }
}
