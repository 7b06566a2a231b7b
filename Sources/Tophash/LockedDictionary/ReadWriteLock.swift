#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// POSIX's reader-writer lock, at an address that does not change.
///
/// Its owner calls `deallocate()`.
///
/// `@unchecked Sendable`: the pointer never changes, and the lock is made to be shared.
@usableFromInline @frozen
internal struct ReadWriteLock: @unchecked Sendable {
  @usableFromInline internal let lock: UnsafeMutablePointer<pthread_rwlock_t>

  @usableFromInline
  internal init() {
    lock = .allocate(capacity: 1)
    let failure = pthread_rwlock_init(lock, nil)
    precondition(failure == 0, "pthread_rwlock_init failed")
  }

  @usableFromInline
  internal func deallocate() {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  @inlinable
  internal func read<Result>(_ body: () throws -> Result) rethrows -> Result {
    let failure = pthread_rwlock_rdlock(lock)
    precondition(failure == 0, "a reader's lock was refused")
    defer { pthread_rwlock_unlock(lock) }
    return try body()
  }

  @inlinable
  internal func write<Result>(_ body: () throws -> Result) rethrows -> Result {
    let failure = pthread_rwlock_wrlock(lock)
    precondition(failure == 0, "a writer's lock was refused")
    defer { pthread_rwlock_unlock(lock) }
    return try body()
  }
}
