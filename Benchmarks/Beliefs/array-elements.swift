// Belief: two tasks may write different elements of one array.
// Right: 4999950000
import Dispatch

final class Shared: @unchecked Sendable {
  var values = [Int](repeating: 0, count: 100_000)
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  for index in stride(from: worker, to: 100_000, by: 2) { shared.values[index] = index }
}
print(shared.values.reduce(0, +))
