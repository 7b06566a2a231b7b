import TophashExploration

/// One search after another, with other seeds: how many schedules each of them needed.
///
/// For measurements; `tophash explore` does it with the hidden option `--searches`.
struct SearchSeries {
  var search: Search
  var count: Int

  /// One line for each search: its seed, and the schedule that failed with the kind of its
  /// failure, or how many did not. A program that fails in the plain order has one line.
  func run(on servers: [ForkServer], say: (String) -> Void) throws(ForkServer.Trouble) {
    for number in 0..<count {
      var search = search
      search.seed += UInt64(number)
      let result = try search.run(on: servers)
      if result.progress.runs == 0 {
        say("plain \(Failure(result.plain, allowsOverlaps: search.allowsOverlaps)?.kind ?? "none")")
        return
      }
      let runs = result.progress.runs
      let outcome = result.found.map { "\($0.number) \($0.failure.kind)" } ?? "\(runs) none"
      say("\(search.seed) \(outcome)")
    }
  }
}
