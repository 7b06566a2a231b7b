// Belief: to overwrite keys that are there already is safe, since nothing moves.
// Right: 200000
import Dispatch

final class Shared: @unchecked Sendable {
  var values = [0: 0, 1: 0]
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  for _ in 0..<100_000 { shared.values[worker]! += 1 }
}
print(shared.values[0]! + shared.values[1]!)
