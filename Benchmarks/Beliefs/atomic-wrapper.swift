// Belief: an @Atomic property wrapper makes a dictionary safe.
// Right: 10000
import Dispatch
import Foundation

@propertyWrapper final class Atomic<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(wrappedValue: Value) { value = wrappedValue }

  var wrappedValue: Value {
    get { lock.withLock { value } }
    set { lock.withLock { value = newValue } }
  }
}

final class Shared: @unchecked Sendable {
  @Atomic var values: [Int: Int] = [:]
}

let shared = Shared()
DispatchQueue.concurrentPerform(iterations: 2) { worker in
  for key in 0..<5_000 { shared.values[2 * key + worker] = key }
}
print(shared.values.count)
