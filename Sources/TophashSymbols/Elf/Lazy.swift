import Synchronization

/// A value computed at its first use, once, whichever thread asks first.
final class Lazy<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  /// The value, computed by `make` when there is none yet. `make` must not ask for it again.
  func callAsFunction(_ make: () -> Value) -> Value {
    value.withLock { value in
      if let value { return value }
      let made = make()
      value = made
      return made
    }
  }
}
