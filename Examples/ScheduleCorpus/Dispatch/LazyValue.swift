import Foundation

/// A value that is made when it is first asked for, by everybody who asks before it is there.
extension Program {
  static let lazyValue = dispatch("lazy_value", "made twice when two ask first") { isFixed in
    let catalogue = Catalogue()
    let queue = DispatchQueue(label: "readers", attributes: .concurrent)
    let readers = DispatchGroup()
    for _ in 0..<2 {
      queue.async(group: readers) {
        if isFixed { catalogue.makeOnce() } else { catalogue.makeIfMissing() }
      }
    }
    readers.wait()
    check(catalogue.timesMade == 1, "the catalogue was made twice")
  }
}

private final class Catalogue: @unchecked Sendable {
  private let lock = NSLock()
  private var entries: [String]?
  private var made = 0

  var timesMade: Int { lock.withLock { made } }

  func makeIfMissing() {
    if lock.withLock({ entries }) == nil {
      lock.withLock { make() }
    }
  }

  func makeOnce() {
    lock.withLock { if entries == nil { make() } }
  }

  private func make() {
    entries = ["bolt", "nut"]
    made += 1
  }
}
