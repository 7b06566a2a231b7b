import Foundation

/// One thread guards the counter with a lock, the others guard it with another one.
extension Program {
  static func wrongLock(_ others: Int) -> Program {
    threads(others == 7 ? "wronglock" : "wronglock_\(others)", "guarded by another lock") {
      isFixed in
      let counter = Counter()
      let wrong = isFixed ? counter.lock : NSLock()
      let add: @Sendable () -> Void = { wrong.withLock { counter.number += 1 } }
      onThreads(
        [
          {
            counter.lock.withLock {
              let before = counter.number
              counter.number += 1
              check(counter.number == before + 1, "changed by somebody with another lock")
            }
          }
        ] + Array(repeating: add, count: others))
    }
  }
}

private final class Counter: @unchecked Sendable {
  let lock = NSLock()
  var number = 0
}
