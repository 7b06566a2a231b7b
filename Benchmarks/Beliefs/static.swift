// Belief: a static property is built once, also when several tasks come first.
// Right: 1
import Dispatch
import Synchronization

let built = Atomic(0)

enum Shared {
  static let value: Int = {
    built.add(1, ordering: .relaxed)
    return 1
  }()
}

DispatchQueue.concurrentPerform(iterations: 8) { _ in _ = Shared.value }
print(built.load(ordering: .relaxed))
