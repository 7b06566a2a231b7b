import Foundation
import Gallery

/// Jobs and who does them: one object, shared by all copies of a board.
final class Jobs {
  var owners: [String: String] = ["deploy": "nobody", "review": "nobody"]
}

/// A view of the jobs. Racy: a copy of the struct shares the jobs, but has a lock of its own.
struct JobBoard: @unchecked Sendable {
  private var mutex = pthread_mutex_t()
  private let jobs = Jobs()

  init() {
    pthread_mutex_init(&mutex, nil)
  }

  mutating func assign(_ job: String, to owner: String) {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    jobs.owners[job] = owner  // race: assign
  }

  mutating func owner(of job: String) -> String? {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    return jobs.owners[job]  // race: ask
  }
}

/// Someone who keeps a board. Its board is used by one worker only.
final class Desk: @unchecked Sendable {
  var board: JobBoard

  init(board: JobBoard) {
    self.board = board
  }
}

/// Fixed: the lock is an object, so copies share it together with the jobs.
struct GuardedJobBoard: @unchecked Sendable {
  private let lock = NSLock()
  private let jobs = Jobs()

  func assign(_ job: String, to owner: String) {
    lock.withLock { jobs.owners[job] = owner }
  }

  func owner(of job: String) -> String? {
    lock.withLock { jobs.owners[job] }
  }
}

let copiedLock = Scenario("copied-lock") {
  let board = JobBoard()
  let manager = Desk(board: board)
  let developer = Desk(board: board)
  return [
    Worker("manager") { manager.board.assign("review", to: "developer \($0 % 4)") },
    Worker("developer") { _ in precondition(developer.board.owner(of: "deploy") == "nobody") },
  ]
} fixed: {
  let board = GuardedJobBoard()
  let copy = board
  return [
    Worker("manager") { board.assign("review", to: "developer \($0 % 4)") },
    Worker("developer") { _ in precondition(copy.owner(of: "deploy") == "nobody") },
  ]
}
