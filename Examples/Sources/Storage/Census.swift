import Dispatch
import Foundation
import Gallery

/// Counts people by age. Racy: the iterations run at the same time, and share a local variable.
func census(of ages: [Int]) -> [Int: Int] {
  nonisolated(unsafe) var counts = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, 0) })
  DispatchQueue.concurrentPerform(iterations: ages.count) { person in
    visit()
    counts[ages[person], default: 0] += 1  // race: count
  }
  return counts
}

/// Fixed: one lock around every use.
func guardedCensus(of ages: [Int]) -> [Int: Int] {
  let lock = NSLock()
  nonisolated(unsafe) var counts = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, 0) })
  DispatchQueue.concurrentPerform(iterations: ages.count) { person in
    visit()
    lock.withLock { counts[ages[person], default: 0] += 1 }
  }
  return counts
}

let performDictionary = Scenario("perform-dictionary") {
  [Worker("office", rounds: 1) { _ in _ = census(of: ages) }]
} fixed: {
  [Worker("office", rounds: 1) { _ in precondition(guardedCensus(of: ages)[42] == 2) }]
}

private let ages = (0..<200).map { $0 % 100 }

/// What takes the time: the way from door to door.
func visit() {
  usleep(.random(in: 200...2000))
}
