/// Looks for a schedule with fewer switches that fails in the same way.
///
/// Taking switches away leaves the way that the failing run took; a shorter one may begin
/// otherwise. So all schedules with fewer switches are tried, the shortest first, as long as there
/// are not too many.
package struct FewestSwitches<Trouble: Error> {
  /// How many runs at most.
  package var limit = 400
  /// What became of a run: where others could have gone on, and whether it failed in the same way.
  package typealias Trial = (crossroads: [Crossroads], isSame: Bool)
  /// Runs with these switches.
  package var attempt: ([Choice]) throws(Trouble) -> Trial
  package private(set) var trials = 0

  package init(attempt: @escaping ([Choice]) throws(Trouble) -> Trial) {
    self.attempt = attempt
  }

  /// What was found: `nil` for nothing with fewer switches than `count`.
  ///
  /// `isFewest` when every schedule with fewer switches than the result was tried.
  package mutating func search(
    fewerThan count: Int
  ) throws(Trouble) -> (choices: [Choice]?, isFewest: Bool) {
    guard count > 0 else { return (nil, true) }
    var bounded = BoundedSearch()
    var choices: [Choice]? = []
    while let next = choices, next.count < count {
      guard trials < limit else { return (nil, false) }
      trials += 1
      let (crossroads, isSame) = try attempt(next)
      if isSame { return (next, true) }
      bounded.note(next, crossroads)
      choices = bounded.take()
    }
    return (nil, true)
  }
}
