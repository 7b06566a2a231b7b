import Foundation

/// Readers may be in a room together, and so may writers, but not both: the first of a kind takes
/// the key, the last one gives it back. With one lock for both counts, a writer waits for the key
/// with the lock that the readers need to leave.
extension Program {
  static let carter01 = threads("carter01", "waits for a key with the lock to leave") { isFixed in
    let lock = NSLock()
    let room = Room(locks: [lock, isFixed ? NSLock() : lock])
    onThreads([0, 1, 0, 1].map { kind in { room.visit(kind) } })
  }
}

private final class Room: @unchecked Sendable {
  private let key = DispatchSemaphore(value: 1)
  /// Each guards the count of one kind.
  private let locks: [NSLock]
  private let visitors = [Visitors(), Visitors()]

  init(locks: [NSLock]) {
    self.locks = locks
  }

  func visit(_ kind: Int) {
    locks[kind].withLock {
      visitors[kind].count += 1
      if visitors[kind].count == 1 { key.wait() }
    }
    locks[kind].withLock {
      visitors[kind].count -= 1
      if visitors[kind].count == 0 { key.signal() }
    }
  }
}

private final class Visitors: @unchecked Sendable {
  var count = 0
}
