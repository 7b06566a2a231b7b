// Belief: one writer and many readers are safe.
// Right: 100000
import Dispatch

final class Shared: @unchecked Sendable {
  var values: [Int: Int] = [:]
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 3) { worker in
  for key in 0..<100_000 {
    if worker == 0 {
      shared.values[key] = key
    } else {
      precondition(shared.values[key] ?? key == key)
    }
  }
}
print(shared.values.count)
