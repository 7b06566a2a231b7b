import CTophashProtocol

/// What a thread or a task waited for.
package enum WaitKind: UInt32, CaseIterable, Sendable {
  // Others that were first. The numbers are those of `tophash_wait_kind`.
  case mutex = 1
  case readLock
  case writeLock
  case queue
  case barrier
  case semaphore
  case actor
  // Something that had yet to happen.
  case signal
  case condition
  case group
  case workItem
  case thread
  // A task that is ready to run, and the pool has no thread for it: also where the machine is busy
  // with other programs, so that it says little of this one.
  case pool

  /// Whether others were in the way. Whoever waits for something that has yet to happen, such as
  /// the end of a thread, is not slowed down by it: what that thread waits for is counted there.
  package var isContention: Bool { rawValue <= WaitKind.actor.rawValue }

  /// Whether tasks wait, which hold no thread meanwhile.
  package var isOfTasks: Bool { self == .actor || self == .pool }

  /// In a table.
  package var name: String {
    switch self {
    case .mutex: "lock"
    case .readLock: "lock, to read"
    case .writeLock: "lock, to write"
    case .queue: "queue"
    case .barrier: "queue, as barrier"
    case .semaphore: "semaphore"
    case .actor: "actor"
    case .signal: "signal"
    case .condition: "condition"
    case .group: "group"
    case .workItem: "work item"
    case .thread: "thread"
    case .pool: "pool"
    }
  }

  /// With what is known of the one thing: the label of a queue, the type of an actor.
  package func what(_ subject: String?) -> String {
    guard let subject else { return name }
    return self == .barrier ? "queue \(subject), as barrier" : "\(name) \(subject)"
  }

  /// As the value of a label, without spaces.
  package var label: String { name.filter { $0 != "," }.replacing(" ", with: "-") }
}
