/// Takes deviations away from a failing schedule as long as it still fails in the same way.
///
/// Delta debugging (Zeller and Hildebrandt, 2002): first halves, then smaller parts, then each
/// one by itself. The result is minimal in that none of it can be taken away alone. Where the
/// failure allows it, threads follow each other in their order, so that what was only needed to
/// bring them into another one can be taken away as well.
package struct Shrinker<Trouble: Error> {
  /// How many runs at most, of a short schedule; a long one gets more, in proportion.
  package var limit = 400
  private static var limitPerChoice: Int { 20 }
  /// Runs with these deviations; `nil` when that did not fail in the same way. Otherwise the
  /// deviations as they turned out to be.
  package var attempt: ([Choice]) throws(Trouble) -> [Choice]?
  package private(set) var trials = 0

  package init(attempt: @escaping ([Choice]) throws(Trouble) -> [Choice]?) {
    self.attempt = attempt
  }

  /// The fewest deviations of `choices` that were found to fail.
  package mutating func shrink(_ choices: [Choice]) throws(Trouble) -> [Choice] {
    limit = max(limit, choices.count * Self.limitPerChoice)
    if let none = try trial([]) { return none }
    var kept = try takeAway(choices)
    while kept.count > 1, trials < limit, let straighter = try straighten(kept) {
      kept = try takeAway(straighter)
    }
    return kept
  }

  private mutating func takeAway(_ choices: [Choice]) throws(Trouble) -> [Choice] {
    var kept = choices
    var parts = 2
    while !kept.isEmpty, trials < limit {
      let size = max(1, (kept.count + parts - 1) / parts)
      var smaller: [Choice]?
      for start in stride(from: 0, to: kept.count, by: size) {
        let without = Array(kept[..<start] + kept[min(start + size, kept.count)...])
        guard without.count < kept.count, trials < limit else { continue }
        if let found = try trial(without), found.count < kept.count {
          smaller = found
          break
        }
      }
      if let smaller {
        kept = smaller
        parts = max(2, parts - 1)
      } else if size == 1 {
        break
      } else {
        parts = min(kept.count, parts * 2)
      }
    }
    return kept
  }

  /// Lets threads follow each other by number: all of them, as if they had been started in the
  /// order in which they ran, or stopped at one step each, or as they are; or else in one place.
  private mutating func straighten(
    _ choices: [Choice]
  ) throws(Trouble) -> [Choice]? {
    let crooked = choices.indices.filter { !choices[$0].isInOrder }
    var attempts = [Self.renumbered(choices)] + Self.rows(of: choices)
    for group in (crooked.count > 1 ? [crooked] : []) + crooked.map({ [$0] }) {
      var straight = choices
      for index in group { straight[index].next = straight[index].thread + 1 }
      attempts.append(straight)
    }
    for straight in attempts where straight != choices && trials < limit {
      guard let found = try trial(straight) else { continue }
      let isBetter =
        found.count < choices.count
        || found.count == choices.count && found.count { !$0.isInOrder } < crooked.count
      if isBetter { return found }
    }
    return nil
  }

  /// The same where the first thread that comes has number 1, the next one 2, and so on, and the
  /// starter, number 0, lets them begin in their order.
  private static func renumbered(_ choices: [Choice]) -> [Choice] {
    var numbers: [Int: Int] = [:]
    for thread in choices.flatMap({ [$0.thread, $0.next] }) where thread > 0 {
      if numbers[thread] == nil { numbers[thread] = numbers.count + 1 }
    }
    return choices.compactMap { choice in
      numbers[choice.thread].map { Choice(thread: $0, step: choice.step, next: $0 + 1) }
    }
  }

  /// Shorter schedules in which every thread stops at the same step, for the next one to go on.
  private static func rows(of choices: [Choice]) -> [[Choice]] {
    let last = choices.map { max($0.thread, $0.next) }.max() ?? 0
    guard last > 1, last - 1 < choices.count else { return [] }
    let steps = Set(choices.lazy.filter { $0.thread > 0 }.map(\.step))
    return steps.sorted().map { step in
      (1..<last).map { Choice(thread: $0, step: step, next: $0 + 1) }
    }
  }

  private mutating func trial(_ choices: [Choice]) throws(Trouble) -> [Choice]? {
    trials += 1
    return try attempt(choices)
  }
}

extension Choice {
  fileprivate var isInOrder: Bool { next == thread + 1 }
}
