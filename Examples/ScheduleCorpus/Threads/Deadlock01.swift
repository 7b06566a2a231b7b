import Foundation

/// Two locks, taken in two orders.
extension Program {
  static let deadlock01 = threads("deadlock01", "two locks in two orders") { isFixed in
    let first = NSLock()
    let second = NSLock()
    onThreads([
      { first.withLock { second.withLock {} } },
      {
        if isFixed {
          first.withLock { second.withLock {} }
        } else {
          second.withLock { first.withLock {} }
        }
      },
    ])
  }
}
