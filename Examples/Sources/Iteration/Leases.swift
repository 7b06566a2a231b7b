import Foundation
import Gallery

/// Expiry times by lease. Racy: the keys are a safe copy, but each lookup reads the live table.
final class Leases: @unchecked Sendable {
  private let lock = NSLock()
  private var expiries: [Int: Int] = [0: 10, 1: 20, 2: 30]

  func renew(_ lease: Int, until expiry: Int) {
    lock.withLock {
      expiries[lease] = expiry  // race: renew
    }
  }

  func expired(at now: Int) -> Int {
    let leases = lock.withLock { expiries.keys }
    var expired = 0
    for lease in leases {
      if let expiry = expiries[lease], expiry < now {  // race: look up
        expired += 1
      }
    }
    return expired
  }
}

/// Fixed: keys and values come from one copy, taken on the queue that makes all changes.
final class GuardedLeases: @unchecked Sendable {
  private let queue = DispatchQueue(label: "leases")
  private var expiries: [Int: Int] = [0: 10, 1: 20, 2: 30]

  func renew(_ lease: Int, until expiry: Int) {
    queue.async { self.expiries[lease] = expiry }
  }

  func expired(at now: Int) -> Int {
    let snapshot = queue.sync { expiries }
    return snapshot.values.count { $0 < now }
  }
}

let liveKeys = Scenario("live-keys") {
  let leases = Leases()
  return [
    Worker("renewal") { leases.renew($0 % 3, until: 100 + $0) },
    Worker("expiry") { _ in precondition(leases.expired(at: 1_000) == 3) },
  ]
} fixed: {
  let leases = GuardedLeases()
  return [
    Worker("renewal") { leases.renew($0 % 3, until: 100 + $0) },
    Worker("expiry") { _ in precondition(leases.expired(at: 1_000) == 3) },
  ]
}
