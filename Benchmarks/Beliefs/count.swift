// Belief: to ask for the count while another task inserts is safe.
// Right: 100000
import Dispatch

final class Shared: @unchecked Sendable {
  var values: [Int: Int] = [:]
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  if worker == 0 {
    for key in 0..<100_000 { shared.values[key] = key }
  } else {
    var largest = 0
    for _ in 0..<100_000 { largest = max(largest, shared.values.count) }
    precondition(largest <= 100_000)
  }
}
print(shared.values.count)
