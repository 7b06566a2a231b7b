// Belief: a lazy property is built once.
// Right: 2000
import Dispatch
import Synchronization

let built = Atomic(0)

final class Shared: @unchecked Sendable {
  let arrived = Atomic(0)
  lazy var value: Int = {
    built.add(1, ordering: .relaxed)
    return 1
  }()
}

for _ in 0..<2_000 {
  let shared = Shared()
  DispatchQueue.concurrentPerform(iterations: 2) { _ in
    // A start line, as the two would seldom come at once.
    shared.arrived.add(1, ordering: .relaxed)
    while shared.arrived.load(ordering: .relaxed) < 2 {}
    _ = shared.value
  }
}
print(built.load(ordering: .relaxed))
