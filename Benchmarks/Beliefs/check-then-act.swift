// Belief: if each step takes the lock, the whole is correct.
// Right: 200000
import Dispatch
import Synchronization

let values = Mutex<[Int: Int]>([0: 0])
DispatchQueue.concurrentPerform(iterations: 2) { _ in
  for _ in 0..<100_000 {
    let old = values.withLock { $0[0]! }
    values.withLock { $0[0] = old + 1 }
  }
}
print(values.withLock { $0[0]! })
