import TophashExploration

/// What is said on standard error after a search: what was done, and what it proves.
struct ExplorationSummary {
  let lines: [String]
  /// Why nothing was explored, though the program did not fail.
  let refusal: ToolError?

  init(_ exploration: Exploration, allowsOverlaps: Bool) {
    let result = exploration.result
    let progress = result.progress
    var lines: [String] = []
    if progress.runs > 0 {
      lines.append(
        "\(progress.runs) \(progress.runs == 1 ? "schedule" : "schedules") in \(tenths(progress.seconds)) s"
          + " (\(Int(progress.rate))/s), \(progress.distinct) different")
      let turns = result.members.map {
        "\($0.scheduler.rawValue) \($0.distinct) of \($0.runs)\($0.isDropped ? " (dropped)" : "")"
      }
      lines.append("different by scheduler: \(turns.joined(separator: ", "))")
    }
    if exploration.failure == nil { lines += Self.verdict(result, allowsOverlaps) }
    if result.partial > 0 {
      lines.append(
        "\(runs(result.partial, "was", "were")) only partly under control"
          + Self.reason(result.lostCalls) + ": no deadlock is claimed for them")
    }
    if result.external > 0 {
      lines.append(
        "\(runs(result.external, "had", "had")) to do with something outside of the program"
          + ", and need not repeat")
    }
    if result.inconclusive > 0 {
      lines.append(
        "\(runs(result.inconclusive, "made", "made")) no progress, and prove nothing")
    }
    self.lines = lines
    refusal = Self.refusal(result)
  }

  /// Why nothing was explored, though the program did not fail.
  private static func refusal(_ result: Search.Result) -> ToolError? {
    let plain = result.plain
    guard result.progress.runs == 0, !result.isEverythingTried else { return nil }
    let (what, remedy): (String, String)
    switch plain.end {
    case .stalled:
      what = "the program makes no progress in the plain order"
      remedy = "if it waits for somebody outside, start that first"
    case .steps:
      what = "the program does not end within \(plain.steps) steps of the plain order"
      remedy = "let it do less, or try '--steps \(plain.steps * 10)'"
    case .deadlock where !plain.isFullyControlled:
      what =
        "the program stopped in the plain order, and was only partly under control"
        + reason(plain.lost > 0 ? [plain.lostCall] : [])
      remedy = "see 'What is not seen' in the guide to 'tophash explore'"
    case .replaced:
      what = "the program becomes another one (exec), which does not come under control"
      remedy = "name that program"
    case .limit:
      what = "the program has more threads than can be controlled"
      remedy = "let it start fewer"
    default: return nil
    }
    return ToolError(
      what: "\(what): nothing was explored", remedy: remedy, code: .cannotRun)
  }

  /// Where threads blocked that nobody saw coming.
  private static func reason(_ calls: Set<Int32>) -> String {
    guard !calls.isEmpty else { return "" }
    let names = calls.sorted().map { Self.names[$0] ?? "system call \($0)" }
    return " (a thread blocked in \(names.joined(separator: ", ")))"
  }

  /// Of x86-64, the ones that block and are not modelled.
  private static let names: [Int32: String] = [
    34: "pause", 42: "connect", 72: "fcntl", 73: "flock", 74: "fsync", 128: "rt_sigtimedwait",
    202: "futex", 230: "clock_nanosleep", 232: "epoll_wait", 247: "waitid", 270: "pselect6",
    271: "ppoll", 0: "read", 1: "write", 61: "wait4", 65: "semop", 241: "mq_open",
    243: "mq_timedreceive",
  ]

  private static func verdict(_ result: Search.Result, _ allowsOverlaps: Bool) -> [String] {
    let plain = result.plain
    guard result.progress.runs > 0 || result.isEverythingTried else {
      if refusal(result) != nil { return [] }
      let words = Failure(plain, allowsOverlaps: allowsOverlaps)?.words ?? "it ended"
      return [
        "the program fails in the plain order already (\(words)): that is no matter of schedules"
      ] + (plain.message.map { ["it said: \($0)"] } ?? [])
    }
    let unseen = Int((result.unseen * 100).rounded())
    let bound =
      switch result.completeUpTo {
      case _ where result.isEverythingTried: "every schedule was tried"
      case .some(1): "every schedule with one switch was tried"
      case .some(let switches) where switches > 1:
        "every schedule with up to \(switches) switches was tried"
      default: "not every schedule with one switch was tried"
      }
    let estimate =
      result.isEverythingTried ? "" : "; about \(unseen) % of further schedules would be new ones"
    return [
      "no run failed; \(bound)\(estimate)",
      "orders of memory weaker than sequential were not tried"
        + "; an optimised build hides plain integers and references",
    ]
  }
}

private func runs(_ count: Int, _ one: String, _ many: String) -> String {
  count == 1 ? "1 run \(one)" : "\(count) runs \(many)"
}

private func tenths(_ number: Double) -> String {
  let rounded = Int((number * 10).rounded())
  return "\(rounded / 10).\(rounded % 10)"
}
