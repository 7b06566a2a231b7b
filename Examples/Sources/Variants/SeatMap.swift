import Foundation
import Gallery

/// Seats and who has them. Racy in its logic only: both steps are guarded, but not together, so
/// that two guests can get one seat. No data race, and nothing for a race detector to report.
final class SeatMap: @unchecked Sendable {
  private let lock = NSLock()
  private var guests: [Int: String] = [:]

  func isFree(_ seat: Int) -> Bool {
    lock.withLock { guests[seat] == nil }
  }

  func book(_ seat: Int, for guest: String) {
    lock.withLock { guests[seat] = guest }
  }
}

/// Fixed: check and act in one go.
final class GuardedSeatMap: @unchecked Sendable {
  private let lock = NSLock()
  private var guests: [Int: String] = [:]

  func bookIfFree(_ seat: Int, for guest: String) -> Bool {
    lock.withLock {
      guard guests[seat] == nil else { return false }
      guests[seat] = guest
      return true
    }
  }
}

let checkThenAct = Scenario("check-then-act") {
  let map = SeatMap()
  return ["box office", "web shop"].map { office in
    Worker(office) { seat in
      if map.isFree(seat) { map.book(seat, for: office) }
    }
  }
} fixed: {
  let map = GuardedSeatMap()
  return ["box office", "web shop"].map { office in
    Worker(office) { seat in _ = map.bookIfFree(seat, for: office) }
  }
}
