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
  package internal(set) var trials = 0

  package init(attempt: @escaping ([Choice]) throws(Trouble) -> Trial) {
    self.attempt = attempt
  }

  /// What was found: `nil` for nothing with fewer switches than `count`.
  ///
  /// `isFewest` when every schedule with fewer switches than the result was tried.
  ///
  /// - Parameter thread: The only one to switch to.
  package mutating func search(
    fewerThan count: Int, to thread: Int? = nil
  ) throws(Trouble) -> (choices: [Choice]?, isFewest: Bool) {
    guard count > 0 else { return (nil, true) }
    var bounded = BoundedSearch()
    var choices: [Choice]? = []
    while let next = choices, next.count < count {
      guard trials < limit else { return (nil, false) }
      trials += 1
      let (crossroads, isSame) = try attempt(next)
      // None but the plain order has no switch at all.
      if isSame { return (next, thread == nil || next.count < 2) }
      bounded.note(next, thread.map { crossroads.leading(to: $0) } ?? crossroads)
      choices = bounded.take()
    }
    return (nil, thread == nil || count < 2)
  }
}

extension [Crossroads] {
  /// Those at which `thread` could have gone on, and nobody else.
  fileprivate func leading(to thread: Int) -> [Crossroads] {
    filter { $0.others.contains(thread) }.map {
      Crossroads(thread: $0.thread, ownStep: $0.ownStep, others: [thread])
    }
  }
}
