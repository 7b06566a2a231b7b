// Belief: with room reserved for all keys, insertions are safe, since nothing grows.
// Right: 200000
import Dispatch

final class Shared: @unchecked Sendable {
  var values: [Int: Int] = [:]
}

let shared = Shared()
shared.values.reserveCapacity(400_000)
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  for key in 0..<100_000 { shared.values[2 * key + worker] = key }
}
print(shared.values.count)
