import Foundation
import Gallery
import Synchronization

/// Topics by subscriber. Racy: changes are guarded, but the lock is released before the walk.
final class Subscribers: @unchecked Sendable {
  private let lock = NSLock()
  private var topics: [Int: String] = [0: "news", 1: "sport", 2: "weather"]

  func subscribe(_ id: Int, to topic: String) {
    lock.withLock {
      topics[id] = topic  // race: subscribe
    }
  }

  func count(of topic: String) -> Int {
    lock.lock()
    let isEmpty = topics.isEmpty
    lock.unlock()
    guard !isEmpty else { return 0 }

    var count = 0
    for (_, other) in topics where other == topic {  // race: walk
      count += 1
    }
    return count
  }
}

/// Fixed: the walk uses a copy that was taken under the lock.
final class GuardedSubscribers: Sendable {
  private let topics = Mutex<[Int: String]>([0: "news", 1: "sport", 2: "weather"])

  func subscribe(_ id: Int, to topic: String) {
    topics.withLock { $0[id] = topic }
  }

  func count(of topic: String) -> Int {
    let snapshot = topics.withLock { $0 }
    var count = 0
    for (_, other) in snapshot where other == topic {
      count += 1
    }
    return count
  }
}

let afterUnlock = Scenario("after-unlock") {
  let subscribers = Subscribers()
  return [
    Worker("sign-up") { subscribers.subscribe(3 + $0 % 3, to: "sport") },
    Worker("newsletter") { _ in precondition(subscribers.count(of: "news") == 1) },
  ]
} fixed: {
  let subscribers = GuardedSubscribers()
  return [
    Worker("sign-up") { subscribers.subscribe(3 + $0 % 3, to: "sport") },
    Worker("newsletter") { _ in precondition(subscribers.count(of: "news") == 1) },
  ]
}
