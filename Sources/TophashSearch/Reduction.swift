/// Makes a failing schedule as short as can be found out in some hundred runs.
///
/// Most failures need one switch: to the thread that the failing run ended in, at some place. That
/// is tried first, since often no way leads there from a long schedule, whose switches need each
/// other. Then switches are taken away from the schedule as it is, and at last all shorter ones are
/// tried, as long as there are not too many.
package struct Reduction<Trouble: Error> {
  /// What became of a run: its deviations as they turned out to be, where others could have gone
  /// on, and whether it failed in the same way.
  package typealias Trial = (choices: [Choice], crossroads: [Crossroads], isSame: Bool)

  /// How many runs at most for each of the three.
  package var limit = 400
  /// Runs with these switches.
  package var attempt: ([Choice]) throws(Trouble) -> Trial

  package init(attempt: @escaping ([Choice]) throws(Trouble) -> Trial) {
    self.attempt = attempt
  }

  /// The fewest switches that were found, and whether it is known that fewer do not fail.
  ///
  /// - Parameter thread: The one that made the last step of the failing run.
  package func reduce(
    _ choices: [Choice], endingIn thread: Int
  ) throws(Trouble) -> (choices: [Choice], isFewest: Bool) {
    let attempt = attempt
    var fewest = FewestSwitches { (choices) throws(Trouble) in
      let trial = try attempt(choices)
      return (trial.crossroads, trial.isSame)
    }
    fewest.limit = limit
    if choices.count > 1, let one = try fewest.search(fewerThan: 2, to: thread).choices {
      return (one, true)
    }
    var shrinker = Shrinker { (choices) throws(Trouble) -> [Choice]? in
      let trial = try attempt(choices)
      guard trial.isSame else { return nil }
      return trial.choices.count < choices.count ? trial.choices : choices
    }
    shrinker.limit = limit
    let shrunk = try shrinker.shrink(choices)
    fewest.trials = 0
    let (fewer, isFewest) = try fewest.search(fewerThan: shrunk.count)
    return (fewer ?? shrunk, isFewest)
  }
}
