import Foundation

/// On a concurrent queue, only barriers run alone.
extension Program {
  static let concurrentQueue = dispatch("concurrent_queue", "a change without a barrier") {
    isFixed in
    let cache = Cache()
    for number in 1...2 { cache.add(number, flags: isFixed ? .barrier : []) }
    check(cache.sum == 3, "a change was lost")
  }
}

private final class Cache: @unchecked Sendable {
  private let queue = DispatchQueue(label: "cache", attributes: .concurrent)
  private let changes = DispatchGroup()
  private var total = 0

  func add(_ number: Int, flags: DispatchWorkItemFlags) {
    queue.async(group: changes, flags: flags) {
      let before = self.total
      self.total = before + number
    }
  }

  /// When all changes are made.
  var sum: Int {
    changes.wait()
    return queue.sync { total }
  }
}
