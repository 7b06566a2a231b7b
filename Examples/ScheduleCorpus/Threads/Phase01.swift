import Foundation

/// Two phases, each under its lock. Whoever finds the second one taken leaves, and forgets the
/// first lock. (In the original it is forgotten always.)
extension Program {
  static let phase01 = threads("phase01", "a lock is forgotten on a way out") { isFixed in
    let first = NSLock()
    let second = NSLock()
    let visit: @Sendable () -> Void = {
      first.lock()
      guard second.try() else {
        if isFixed { first.unlock() }
        return
      }
      first.unlock()
      second.unlock()
    }
    onThreads([visit, visit])
    first.withLock {}
  }
}
