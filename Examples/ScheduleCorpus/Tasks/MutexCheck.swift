import Synchronization

/// Each use of a value takes its mutex, but what is asked under it holds until it is given back.
extension Program {
  static let mutexCheck = tasks("mutex_check", "asked under a mutex, changed under the next") {
    isFixed in
    let seats = Seats()
    await withTaskGroup { group in
      for guest in ["Ada", "Grace"] {
        group.addTask { isFixed ? seats.takeIfFree(guest) : seats.takeInTwoSteps(guest) }
      }
    }
    check(seats.guests.count == 1, "one seat was given to two guests")
  }
}

private final class Seats: Sendable {
  private let taken = Mutex<[String]>([])

  var guests: [String] { taken.withLock { $0 } }

  func takeInTwoSteps(_ guest: String) {
    if guests.isEmpty { taken.withLock { $0.append(guest) } }
  }

  func takeIfFree(_ guest: String) {
    taken.withLock { if $0.isEmpty { $0.append(guest) } }
  }
}
