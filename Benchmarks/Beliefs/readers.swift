// Belief: readers alone are safe.
// Right: 19800000
import Dispatch
import Synchronization

final class Shared: @unchecked Sendable {
  var values = Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, $0) })
}

let shared = Shared()
let sum = Atomic(0)
DispatchQueue.concurrentPerform(iterations: 4) { _ in
  var own = 0
  for key in 0..<100_000 { own += shared.values[key % 100]! }
  sum.add(own, ordering: .relaxed)
}
print(sum.load(ordering: .relaxed))
