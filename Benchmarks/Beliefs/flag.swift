// Belief: to change single bits of one integer is atomic, since the machine stores it at once.
// Right: 3
import Dispatch

final class Shared: @unchecked Sendable {
  var flags = 0
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  for _ in 0..<200_001 { shared.flags ^= 1 << worker }
}
print(shared.flags)
