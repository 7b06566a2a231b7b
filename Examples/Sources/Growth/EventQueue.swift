import Gallery
import Synchronization

/// Events in the order of arrival. Racy: old events are marked as seen while new ones arrive.
final class EventQueue: @unchecked Sendable {
  private var seen: [Bool] = [false]

  func post() {
    seen.append(false)  // race: post
  }

  func markSeen(_ index: Int) {
    seen[index] = true  // race: mark
  }
}

/// Fixed: the array lives inside a mutex.
final class GuardedEventQueue: Sendable {
  private let seen = Mutex([false])

  func post() {
    seen.withLock { $0.append(false) }
  }

  func markSeen(_ index: Int) {
    seen.withLock { $0[index] = true }
  }
}

let array = Scenario("array") {
  let events = EventQueue()
  return [
    Worker("poster") { _ in events.post() },
    Worker("viewer") { _ in events.markSeen(0) },
  ]
} fixed: {
  let events = GuardedEventQueue()
  return [
    Worker("poster") { _ in events.post() },
    Worker("viewer") { _ in events.markSeen(0) },
  ]
}
