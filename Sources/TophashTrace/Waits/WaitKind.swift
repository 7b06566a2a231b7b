import CTophashProtocol

/// What a thread or a task waited for.
package enum WaitKind: UInt32, CaseIterable, Sendable {
  // Others that were first.
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

  /// Whether others were in the way. Whoever waits for something that has yet to happen, such as
  /// the end of a thread, is not slowed down by it: what that thread waits for is counted there.
  package var isContention: Bool { rawValue <= WaitKind.actor.rawValue }

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
    }
  }

  /// As the value of a label, without spaces.
  package var label: String { name.filter { $0 != "," }.replacing(" ", with: "-") }
}
