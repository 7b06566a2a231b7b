import Synchronization

/// An atomic that is read and then changed is two atomic steps, not one.
extension Program {
  static let tickets = tasks("tickets", "an atomic is read, then changed") { isFixed in
    let office = Office()
    await withTaskGroup { group in
      for _ in 0..<3 {
        group.addTask { isFixed ? office.sellIfLeft() : office.sellInTwoSteps() }
      }
    }
    check(office.left >= 0, "more tickets were sold than there were")
  }
}

private final class Office: Sendable {
  private let tickets = Atomic(2)

  var left: Int { tickets.load(ordering: .sequentiallyConsistent) }

  func sellInTwoSteps() {
    if left > 0 { tickets.subtract(1, ordering: .sequentiallyConsistent) }
  }

  func sellIfLeft() {
    var seen = left
    while seen > 0 {
      let result = tickets.compareExchange(
        expected: seen, desired: seen - 1, ordering: .sequentiallyConsistent)
      if result.exchanged { return }
      seen = result.original
    }
  }
}
