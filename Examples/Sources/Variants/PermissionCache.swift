import Foundation
import Gallery

/// Who may do what. Racy: a miss is filled in while only the *read* lock is held.
final class PermissionCache: @unchecked Sendable {
  private let lock = ReadWriteLock()
  private var permissions: [String: Bool] = ["root": true]

  init() {
    permissions.reserveCapacity(1_000)
  }

  func isAllowed(_ user: String) -> Bool {
    lock.withReadLock {
      if let known = permissions[user] {  // race: look up
        return known
      }
      let answer = user.hasPrefix("admin")
      permissions[user] = answer  // race: fill in
      return answer
    }
  }
}

/// Fixed: the answer is stored under the write lock.
final class GuardedPermissionCache: @unchecked Sendable {
  private let lock = ReadWriteLock()
  private var permissions: [String: Bool] = ["root": true]

  func isAllowed(_ user: String) -> Bool {
    if let known = lock.withReadLock({ permissions[user] }) { return known }
    let answer = user.hasPrefix("admin")
    lock.withWriteLock { permissions[user] = answer }
    return answer
  }
}

/// Many readers or one writer.
final class ReadWriteLock: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)

  init() {
    pthread_rwlock_init(lock, nil)
  }

  deinit {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  func withReadLock<Result>(_ body: () -> Result) -> Result {
    pthread_rwlock_rdlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return body()
  }

  func withWriteLock<Result>(_ body: () -> Result) -> Result {
    pthread_rwlock_wrlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return body()
  }
}

let writeUnderReadLock = Scenario("write-under-read-lock") {
  let cache = PermissionCache()
  return [
    Worker("editors") { precondition(!cache.isAllowed("editor \($0)")) },
    Worker("admins") { precondition(cache.isAllowed("admin \($0)")) },
  ]
} fixed: {
  let cache = GuardedPermissionCache()
  return [
    Worker("editors") { precondition(!cache.isAllowed("editor \($0)")) },
    Worker("admins") { precondition(cache.isAllowed("admin \($0)")) },
  ]
}
