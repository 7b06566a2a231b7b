import Foundation
import Gallery

/// Points by player, in memory that is reached by a pointer. Racy: a pointer guards nothing.
final class Scoreboard: @unchecked Sendable {
  private let points = UnsafeMutablePointer<[Int]>.allocate(capacity: 1)

  init() {
    points.initialize(to: [Int](repeating: 0, count: 16))
  }

  deinit {
    points.deinitialize(count: 1)
    points.deallocate()
  }

  func score(_ player: Int) {
    points.pointee[player] += 1  // race: score
  }

  func reset(_ player: Int) {
    points.pointee[player] = 0  // race: reset
  }
}

/// Fixed: the lock lies beside the pointer.
final class GuardedScoreboard: @unchecked Sendable {
  private let lock = NSLock()
  private let points = UnsafeMutablePointer<[Int]>.allocate(capacity: 1)

  init() {
    points.initialize(to: [Int](repeating: 0, count: 16))
  }

  deinit {
    points.deinitialize(count: 1)
    points.deallocate()
  }

  func score(_ player: Int) {
    lock.withLock { points.pointee[player] += 1 }
  }

  func reset(_ player: Int) {
    lock.withLock { points.pointee[player] = 0 }
  }
}

let unsafePointer = Scenario("unsafe-pointer") {
  let board = Scoreboard()
  return [
    Worker("players") { board.score($0 % 16) },
    Worker("referee") { board.reset($0 % 16) },
  ]
} fixed: {
  let board = GuardedScoreboard()
  return [
    Worker("players") { board.score($0 % 16) },
    Worker("referee") { board.reset($0 % 16) },
  ]
}
