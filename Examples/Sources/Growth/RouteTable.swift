import Foundation
import Gallery

/// Next hops by destination. Racy: lookups of old routes while the table grows.
final class RouteTable: @unchecked Sendable {
  private var hops: [Int: String] = [0: "gateway"]

  func learn(_ destination: Int, via hop: String) {
    hops[destination] = hop  // race: learn
  }

  func hop(to destination: Int) -> String? {
    hops[destination]  // race: look up
  }
}

/// Fixed: a read-write lock that lives in memory of its own, as locks should.
final class GuardedRouteTable: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
  private var hops: [Int: String] = [0: "gateway"]

  init() {
    pthread_rwlock_init(lock, nil)
  }

  deinit {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  func learn(_ destination: Int, via hop: String) {
    pthread_rwlock_wrlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    hops[destination] = hop
  }

  func hop(to destination: Int) -> String? {
    pthread_rwlock_rdlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return hops[destination]
  }
}

let dictionary = Scenario("dictionary") {
  let table = RouteTable()
  return [
    Worker("routing protocol") { round in
      for destination in 0..<16 { table.learn(1 + round * 16 + destination, via: "10.0.0.1") }
    },
    Worker("forwarding") { _ in precondition(table.hop(to: 0) != nil) },
  ]
} fixed: {
  let table = GuardedRouteTable()
  return [
    Worker("routing protocol") { round in
      for destination in 0..<16 { table.learn(1 + round * 16 + destination, via: "10.0.0.1") }
    },
    Worker("forwarding") { _ in precondition(table.hop(to: 0) != nil) },
  ]
}
