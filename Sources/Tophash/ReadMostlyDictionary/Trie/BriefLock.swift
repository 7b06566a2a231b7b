import Synchronization

/// A lock for a few instructions, that can be closed for ever.
///
/// Four bytes, and nothing but atomic operations. (`Mutex` would do, but ThreadSanitizer cannot see
/// into it, and would report all that it guards.)
@frozen
@usableFromInline
struct BriefLock: ~Copyable {
  @inlinable static var open: UInt32 { 0 }
  @inlinable static var held: UInt32 { 1 }
  @inlinable static var closed: UInt32 { 2 }

  @usableFromInline let state = Atomic<UInt32>(open)

  @inlinable
  init() {}

  /// Waits for the lock and takes it.
  ///
  /// - Returns: false, without taking it, if the lock is closed.
  @inlinable
  func acquire() -> Bool {
    var backoff = Backoff()
    while true {
      // Acquiring: pairs with `release`; what the last holder did comes before.
      let (isMine, state) = state.weakCompareExchange(
        expected: Self.open, desired: Self.held,
        successOrdering: .acquiring, failureOrdering: .relaxed)
      if isMine { return true }
      if state == Self.closed { return false }
      backoff.wait()
    }
  }

  /// Gives the lock back; `closing` it makes every later `acquire` fail.
  @inlinable
  func release(closing: Bool = false) {
    // Releasing: pairs with `acquire`.
    state.store(closing ? Self.closed : Self.open, ordering: .releasing)
  }

  /// Whether the lock is closed now.
  @inlinable var isClosed: Bool { state.load(ordering: .relaxed) == Self.closed }
}
