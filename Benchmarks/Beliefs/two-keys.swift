// Belief: two tasks that write different keys do not disturb each other.
// Right: 200000
import Dispatch

final class Shared: @unchecked Sendable {
  var values: [Int: Int] = [:]
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  for key in 0..<100_000 { shared.values[2 * key + worker] = key }
}
print(shared.values.count)
