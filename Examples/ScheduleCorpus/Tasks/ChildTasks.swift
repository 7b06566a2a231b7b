import Synchronization

/// Child tasks run at the same time, on one total.
extension Program {
  static let childTasks = tasks("child_tasks", "child tasks share a total") { isFixed in
    let sum = Sum()
    await withTaskGroup { group in
      for _ in 0..<2 {
        group.addTask { if isFixed { sum.addOneAlone() } else { sum.addOne() } }
      }
    }
    check(sum.number == 2, "a child was not counted")
  }
}

private final class Sum: @unchecked Sendable {
  private let guarding = Mutex(())
  private(set) var number = 0

  func addOne() {
    let before = number
    number = before + 1
  }

  func addOneAlone() {
    guarding.withLock { _ in addOne() }
  }
}
