import Foundation

/// Who enters a group only when its work begins is not waited for before that.
extension Program {
  static let groupEntry = dispatch("group_entry", "enters the group too late") { isFixed in
    let results = Results()
    let group = DispatchGroup()
    let isStarted = DispatchSemaphore(value: 0)
    for number in 1...2 {
      if isFixed { group.enter() }
      DispatchQueue.global().async {
        if !isFixed { group.enter() }
        isStarted.signal()
        results.add(number)
        group.leave()
      }
    }
    isStarted.wait()
    group.wait()
    check(results.count == 2, "a result is missing")
  }
}

private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var numbers: [Int] = []

  var count: Int { lock.withLock { numbers.count } }
  func add(_ number: Int) { lock.withLock { numbers.append(number) } }
}
