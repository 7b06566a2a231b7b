import CTophashSchedule

/// What a thread was about to do when others could go first.
package enum Point: UInt32, Sendable, CaseIterable {
  case start = 1
  case read, modify, modifying
  case lock, unlock, readLock, writeLock
  case wait, signal
  case acquire, post
  case create, join, end
  case futex, wake
  case sleep, yield
  case descriptor, suspend
  case dispatch, job, hop, atomic, once, barrier, idle
  case task, cancel, resume, give, await

  /// In the report: what comes before the object's name.
  package var verb: String {
    switch self {
    case .start: "begins"
    case .read: "reads"
    case .modify: "modifies"
    case .modifying: "is modifying"
    case .lock: "locks"
    case .unlock: "has unlocked"
    case .readLock: "locks for reading"
    case .writeLock: "locks for writing"
    case .wait: "waits for"
    case .signal: "signals"
    case .acquire: "takes from"
    case .post: "gives to"
    case .create: "has started a thread"
    case .join: "waits for the end of"
    case .end: "ends"
    case .futex: "waits"
    case .wake: "wakes others"
    case .sleep: "sleeps"
    case .yield: "yields"
    case .descriptor: "waits for input or output"
    case .suspend: "waits for a signal or a child"
    case .dispatch: "calls Dispatch"
    case .job: "resumes a task"
    case .hop: "changes executor"
    case .atomic: "changes"
    case .once: "initialises once"
    case .barrier: "waits at a barrier"
    case .idle: "has no job"
    case .task: "starts a task"
    case .cancel: "cancels a task"
    case .resume: "resumes a continuation"
    case .give: "gives to a stream"
    case .await: "awaits"
    }
  }

  /// Whether others may go first only after it was done.
  var comesAfter: Bool {
    switch self {
    case .unlock, .create: true
    default: false
    }
  }

  /// What its object is, when nothing better is known.
  package var noun: String? {
    switch self {
    case .read, .modify, .modifying: "variable"
    case .lock, .unlock: "lock"
    case .readLock, .writeLock: "reader-writer lock"
    case .wait, .signal: "condition"
    case .acquire, .post: "semaphore"
    case .dispatch: "queue"
    case .atomic: "atomic"
    case .futex, .wake, .job, .idle, .hop, .create, .start, .join, .end, .sleep, .yield,
      .descriptor, .suspend,
      .once, .barrier, .task, .cancel, .resume, .give, .await:
      nil
    }
  }
}
