import Gallery
import Synchronization

/// Who is online. Racy: arrivals and departures change the same set.
final class Presence: @unchecked Sendable {
  private var online: Set<String>

  init(online: Set<String>) {
    self.online = online
    self.online.reserveCapacity(1_000)
  }

  func arrive(_ user: String) {
    online.insert(user)  // race: arrive
  }

  func leave(_ user: String) {
    online.remove(user)  // race: leave
  }
}

/// Fixed: the set lives inside a mutex.
final class GuardedPresence: Sendable {
  private let online: Mutex<Set<String>>

  init(online: Set<String>) {
    self.online = Mutex(online)
  }

  func arrive(_ user: String) {
    online.withLock { _ = $0.insert(user) }
  }

  func leave(_ user: String) {
    online.withLock { _ = $0.remove(user) }
  }
}

let set = Scenario("set") {
  let presence = Presence(online: Set((0..<60).map { "guest \($0)" }))
  return [
    Worker("arrivals") { presence.arrive("user \($0)") },
    Worker("departures") { presence.leave("guest \($0)") },
  ]
} fixed: {
  let presence = GuardedPresence(online: Set((0..<60).map { "guest \($0)" }))
  return [
    Worker("arrivals") { presence.arrive("user \($0)") },
    Worker("departures") { presence.leave("guest \($0)") },
  ]
}
