import Gallery
import Synchronization

struct Session: Sendable {
  let user: Int
  let token: UInt64
}

/// Sessions by name. Racy: the login and the renewal path both insert.
final class SessionCache: @unchecked Sendable {
  private var sessions: [String: Session] = [:]

  init(capacity: Int) {
    sessions.reserveCapacity(capacity)
  }

  func logIn(user: Int) {
    sessions["user-\(user)"] = Session(user: user, token: .random(in: 1...999_999))  // race: log in
  }

  func renew(user: Int) {
    sessions["user-\(user)"] = Session(user: user, token: 1_000_000)  // race: renew
  }
}

/// Fixed: the sessions can be reached only through the mutex.
final class GuardedSessionCache: Sendable {
  private let sessions: Mutex<[String: Session]>

  init(capacity: Int) {
    sessions = Mutex(Dictionary(minimumCapacity: capacity))
  }

  func logIn(user: Int) {
    let session = Session(user: user, token: .random(in: 1...999_999))
    sessions.withLock { $0["user-\(user)"] = session }
  }

  func renew(user: Int) {
    sessions.withLock { $0["user-\(user)"] = Session(user: user, token: 1_000_000) }
  }
}

let insert = Scenario("insert") {
  let cache = SessionCache(capacity: 1_000)
  return [
    Worker("log in") { cache.logIn(user: $0) },
    Worker("renew") { cache.renew(user: $0 + 500) },
  ]
} fixed: {
  let cache = GuardedSessionCache(capacity: 1_000)
  return [
    Worker("log in") { cache.logIn(user: $0) },
    Worker("renew") { cache.renew(user: $0 + 500) },
  ]
}
