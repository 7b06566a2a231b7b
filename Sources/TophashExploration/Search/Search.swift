import Glibc
import TophashSearch

/// Runs a program in one order after another until it fails.
///
/// The search is decided by its seed alone: how many programs run at a time changes how long it
/// takes, not what it finds.
package struct Search {
  package var seed: UInt64 = 1
  /// At most so many runs.
  package var limit = 1000
  /// At most so many seconds.
  package var seconds: Double?
  package var only: Scheduler?
  package var allowsOverlaps = false
  /// How much virtual time may pass in a run while somebody could go on, in milliseconds.
  package var delay = Order.usualDelay
  /// A plain run of more steps does not end, as far as anybody can tell.
  package var stepLimit = Order.usualStepLimit
  /// All runs have one seed and one scheduler, and none ends the search: to see whether they are
  /// all alike.
  package var repeatsOneRun = false
  /// Called now and then.
  package var progress: (Progress) -> Void = { _ in }

  package init() {}

  /// How far a search has come.
  package struct Progress {
    package var runs = 0
    package var distinct = 0
    package var seconds = 0.0
    package var rate: Double { seconds > 0 ? Double(runs) / seconds : 0 }
  }

  /// What a search found.
  package struct Result {
    /// The run in plain order.
    package var plain: Account
    package var found: Found?
    package var progress = Progress()
    package var members: [Portfolio.Member] = []
    /// Seen once only, of all runs: how likely the next run would have been a new one.
    package var unseen = 1.0
    /// Every schedule of so many switches, or fewer, was run.
    package var completeUpTo: Int?
    /// There is no schedule that was not run.
    package var isEverythingTried = false
    /// Runs that were not fully controlled, and runs that the outside took part in.
    package var partial = 0
    /// System calls in which a thread blocked where nobody saw it coming.
    package var lostCalls: Set<Int32> = []
    package var external = 0
    /// Runs that proved nothing: used up, or stalled.
    package var inconclusive = 0
  }

  /// A run that failed.
  package struct Found {
    package var failure: Failure
    package var account: Account
    package var scheduler: Scheduler
    /// From 1; 0 for the plain order.
    package var number: Int

    package init(failure: Failure, account: Account, scheduler: Scheduler, number: Int) {
      self.failure = failure
      self.account = account
      self.scheduler = scheduler
      self.number = number
    }
  }

  /// Searches with `servers`, of which each runs one program at a time.
  package func run(on servers: [ForkServer]) throws(ForkServer.Trouble) -> Result {
    let start = Self.now()
    var first = Order(plan: .plain)
    first.keepsCrossroads = true
    first.delay = delay
    first.stepLimit = stepLimit
    let plain = try servers[0].run(first)
    var result = Result(plain: plain)
    if Failure(plain, allowsOverlaps: allowsOverlaps) != nil || plain.end != .program {
      return result
    }
    var turns = Turns(seed: seed, only: only)
    turns.notePlain(hash: plain.hash, plain.crossroads, isWhole: plain.hasAllCrossroads)
    var order = Order(plan: .plain)
    order.delay = delay
    order.length = plain.steps
    order.stepLimit = max(20_000, plain.steps * 50)

    var next = 0
    var lastNews = start
    while next < limit, result.found == nil, !isOver(start),
      repeatsOneRun || !turns.bounded.isEverythingTried
    {
      // All of a round is decided before it begins, so that its order of arrival is no matter.
      let round = next..<min(limit, next + Portfolio.round)
      let decided = round.compactMap { turns.turn(repeatsOneRun ? 0 : $0) }
      if decided.isEmpty { break }
      var accounts: [Int: Account] = [:]
      try runRound(round, decided, order, servers, start, into: &accounts)
      for index in round {
        guard let account = accounts[index] else { break }
        let turn = decided[index - round.lowerBound]
        turns.note(
          turn, hash: account.hash, account.crossroads, isWhole: account.hasAllCrossroads)
        result.progress.runs += 1
        result.note(account)
        if !repeatsOneRun, let failure = Failure(account, allowsOverlaps: allowsOverlaps) {
          result.found = Found(
            failure: failure, account: account, scheduler: turn.scheduler, number: index + 1)
          break
        }
      }
      next += decided.count
      turns.endRound()
      result.progress.distinct = turns.portfolio.distinct
      result.progress.seconds = Self.now() - start
      if Self.now() - lastNews > 2 {
        lastNews = Self.now()
        progress(result.progress)
      }
    }
    // What is said of the runs is said of this one, where there is no other.
    if result.progress.runs == 0 { result.note(plain) }
    result.progress.distinct = turns.portfolio.distinct
    result.progress.seconds = Self.now() - start
    result.members = turns.portfolio.members
    result.unseen = turns.portfolio.unseen
    result.completeUpTo = turns.bounded.completeUpTo
    result.isEverythingTried = turns.bounded.isEverythingTried
    return result
  }

  private func runRound(
    _ round: Range<Int>, _ turns: [Turns.Turn], _ order: Order, _ servers: [ForkServer],
    _ start: Double, into accounts: inout [Int: Account]
  ) throws(ForkServer.Trouble) {
    var waiting = Array(round.prefix(turns.count).reversed())
    var running: [Int?] = servers.map { _ in nil }
    var isDone = false
    while true {
      for (at, server) in servers.enumerated() where running[at] == nil && !isDone {
        guard let index = waiting.popLast() else { break }
        var order = order
        let turn = turns[index - round.lowerBound]
        order.plan = turn.plan
        order.keepsCrossroads = turn.scheduler == .bounded
        try server.begin(order)
        running[at] = index
      }
      guard running.contains(where: { $0 != nil }) else { return }
      var descriptors = zip(servers, running).map { server, index in
        pollfd(fd: index == nil ? -1 : server.answers, events: Int16(POLLIN), revents: 0)
      }
      if poll(&descriptors, nfds_t(descriptors.count), -1) < 0 { continue }
      for (at, descriptor) in descriptors.enumerated() where descriptor.revents != 0 {
        guard let index = running[at] else { continue }
        running[at] = nil
        let account = try servers[at].end()
        accounts[index] = account
        // Those before it are on their way already.
        if Failure(account, allowsOverlaps: allowsOverlaps) != nil || isOver(start) {
          isDone = true
        }
      }
    }
  }

  private func isOver(_ start: Double) -> Bool {
    seconds.map { Self.now() - start >= $0 } ?? false
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension Search.Result {
  fileprivate mutating func note(_ account: Account) {
    if !account.isFullyControlled { partial += 1 }
    if account.lost > 0 { lostCalls.insert(account.lostCall) }
    if account.external > 0 { external += 1 }
    if [.limit, .stalled, .replaced].contains(account.end) { inconclusive += 1 }
  }
}
