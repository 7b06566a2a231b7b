import Synchronization

/// Reads, lets others go first, and writes.
actor Account {
  private(set) var balance = 0

  func deposit(_ amount: Int) async {
    let old = balance
    await audit()
    balance = old + amount
  }

  /// The twin that is right.
  func depositAtOnce(_ amount: Int) async {
    balance += amount
    await audit()
  }

  // Not empty: for a call that does nothing the compiler does not leave the actor.
  nonisolated func audit() async { audits.value.withLock { $0 += 1 } }
}

private let audits = Shared(0)

/// A value that tasks share, behind a lock.
final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }

  var now: Value {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
