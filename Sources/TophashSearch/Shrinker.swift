/// Takes deviations away from a failing schedule as long as it still fails in the same way.
///
/// Delta debugging (Zeller and Hildebrandt, 2002): first halves, then smaller parts, then each
/// one by itself. The result is minimal in that none of it can be taken away alone.
package struct Shrinker<Trouble: Error> {
  /// How many runs at most.
  package var limit = 400
  /// Runs with these deviations; `nil` when that did not fail in the same way. Otherwise the
  /// deviations as they turned out to be.
  package var attempt: ([Choice]) throws(Trouble) -> [Choice]?
  package private(set) var trials = 0

  package init(attempt: @escaping ([Choice]) throws(Trouble) -> [Choice]?) {
    self.attempt = attempt
  }

  /// The fewest deviations of `choices` that were found to fail.
  package mutating func shrink(_ choices: [Choice]) throws(Trouble) -> [Choice] {
    var kept = choices
    var parts = 2
    if let none = try trial([]) { return none }
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

  private mutating func trial(_ choices: [Choice]) throws(Trouble) -> [Choice]? {
    trials += 1
    return try attempt(choices)
  }
}
