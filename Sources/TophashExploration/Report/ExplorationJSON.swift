import Foundation
import TophashReports

/// The report for programs: one JSON object.
package struct ExplorationJSON: Encodable {
  struct Run: Encodable {
    var end: String
    var steps: Int
    var threads: Int
  }

  struct Member: Encodable {
    var scheduler: String
    var runs: Int
    var distinct: Int
    var isDropped: Bool
  }

  struct Step: Encodable {
    var who: String
    var what: String
    var place: String?
    var isDeviation: Bool
  }

  struct Deviation: Encodable {
    var thread: Int
    var step: Int
    var next: Int
    var meaning: String
  }

  struct Found: Encodable {
    var kind: String
    var words: String
    var message: String?
    var schedule: Int
    var scheduler: String
    var steps: Int
    var hash: String
    var choicesFound: Int
    var deviations: [Deviation]
    var isFewest: Bool
    var replays: Int
    var same: Int
    var isFullyControlled: Bool
    var interleaving: [Step]
    var waits: [String]
    var stoppedIn: String?
    var file: String?
  }

  var form = "tophash-exploration-1"
  var tool = toolVersion
  var command: [String]
  var seed: UInt64
  var verdict: String
  var plain: Run
  var schedules: Int
  var distinct: Int
  var unseen: Double
  var completeUpToSwitches: Int?
  var isEverythingTried: Bool
  var seconds: Double
  var schedulesPerSecond: Double
  var partlyControlled: Int
  var external: Int
  var inconclusive: Int
  var members: [Member]
  var failure: Found?

  package init(_ exploration: Exploration) {
    let result = exploration.result
    command = exploration.command
    seed = exploration.seed
    let plainFailure = Failure(result.plain)
    plain = Run(
      end: plainFailure?.kind ?? "ended", steps: result.plain.steps,
      threads: result.plain.threadCount)
    schedules = result.progress.runs
    distinct = result.progress.distinct
    unseen = result.unseen
    completeUpToSwitches = result.completeUpTo
    isEverythingTried = result.isEverythingTried
    seconds = result.progress.seconds
    schedulesPerSecond = result.progress.rate
    partlyControlled = result.partial
    external = result.external
    inconclusive = result.inconclusive
    members = result.members.map {
      Member(
        scheduler: $0.scheduler.rawValue, runs: $0.runs, distinct: $0.distinct,
        isDropped: $0.isDropped)
    }
    failure = exploration.failure.map(Found.init)
    verdict = failure != nil ? "failure" : plainFailure != nil ? "plain failure" : "nothing found"
  }

  package var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      preconditionFailure("a report is always encodable")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

extension ExplorationJSON.Found {
  fileprivate init(_ failure: ReplayedFailure) {
    let interleaving = failure.interleaving
    self.init(
      kind: failure.failure.kind, words: failure.failure.words, message: failure.message,
      schedule: failure.number, scheduler: failure.scheduler.rawValue,
      steps: failure.schedule.steps, hash: String(failure.schedule.hash, radix: 16),
      choicesFound: failure.foundChoices,
      deviations: zip(failure.schedule.choices, interleaving.statements).map {
        .init(thread: $0.thread, step: $0.step, next: $0.next, meaning: $1)
      },
      isFewest: failure.isFewest, replays: failure.replays, same: failure.same,
      isFullyControlled: failure.isFullyControlled,
      interleaving: interleaving.rows.map {
        .init(
          who: interleaving.name(of: $0.lane), what: $0.what, place: $0.place,
          isDeviation: $0.isDeviation)
      },
      waits: interleaving.waits, stoppedIn: interleaving.crash, file: failure.file)
  }
}
