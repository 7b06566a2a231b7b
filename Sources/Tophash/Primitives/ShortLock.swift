import Synchronization

/// A lock for short critical sections: one exchange to take, one store to give back. Who waits
/// spins a little, then yields, then sleeps; there is no queue and no fairness.
///
/// Unlike `Mutex`, which is compiled where the sanitizer does not look, ThreadSanitizer sees what
/// this orders.
@usableFromInline @frozen
internal struct ShortLock: ~Copyable, Sendable {
  @usableFromInline internal let isTaken = Atomic<Bool>(false)

  @inlinable
  internal init() {}

  @inlinable @inline(__always)
  internal borrowing func acquire() {
    // Acquiring: sees everything done before the last release.
    if _fastPath(!isTaken.exchange(true, ordering: .acquiring)) { return }
    wait()
  }

  @inlinable @inline(never)
  internal borrowing func wait() {
    var backoff = Backoff()
    while true {
      backoff.wait()
      if !isTaken.load(ordering: .relaxed), !isTaken.exchange(true, ordering: .acquiring) { return }
    }
  }

  @inlinable @inline(__always)
  internal borrowing func release() {
    isTaken.store(false, ordering: .releasing)
  }

  @inlinable @inline(__always)
  internal borrowing func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    acquire()
    defer { release() }
    return try body()
  }
}
