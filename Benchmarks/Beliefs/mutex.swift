// Belief: a lock around each whole change is enough.
// Right: 200000
import Dispatch
import Synchronization

let values = Mutex<[Int: Int]>([0: 0])
DispatchQueue.concurrentPerform(iterations: 2) { _ in
  for _ in 0..<100_000 { values.withLock { $0[0]! += 1 } }
}
print(values.withLock { $0[0]! })
