import Foundation
import Tophash

/// A map that several threads use, whatever it is.
struct Subject: Sendable {
  var perform: @Sendable (Operation) -> Int?

  static let all: [String: @Sendable () -> Subject] = [
    "concurrent": { concurrent() }, "read-mostly": { readMostly() }, "sharded": { sharded() },
    "locked": { locked() }, "broken": { broken() },
  ]

  static func concurrent() -> Subject {
    let map = ConcurrentDictionary<Int, Int>()
    return Subject { operation in
      switch operation {
      case .get(let key): map[key]
      case .set(let key, let value): map.updateValue(value, forKey: key)
      case .remove(let key): map.removeValue(forKey: key)
      case .add(let key, let amount): map.withValue(forKey: key) { add(amount, to: &$0) }
      }
    }
  }

  static func readMostly() -> Subject {
    let map = ReadMostlyDictionary<Int, Int>()
    return Subject { operation in
      switch operation {
      case .get(let key): map[key]
      case .set(let key, let value): map.updateValue(value, forKey: key)
      case .remove(let key): map.removeValue(forKey: key)
      case .add(let key, let amount):
        // What the map has is a comparison: again until nobody came between.
        addByComparing(key, amount, map)
      }
    }
  }

  private static func addByComparing(
    _ key: Int, _ amount: Int, _ map: ReadMostlyDictionary<Int, Int>
  ) -> Int? {
    while true {
      let old = map[key]
      let new = (old ?? 0) + amount
      if map.compareExchange(forKey: key, expected: old, desired: new).exchanged { return new }
    }
  }

  static func sharded() -> Subject {
    let map = ShardedDictionary<Int, Int>()
    return Subject { operation in
      switch operation {
      case .get(let key): map[key]
      case .set(let key, let value): map.updateValue(value, forKey: key)
      case .remove(let key): map.removeValue(forKey: key)
      case .add(let key, let amount): map.withValue(forKey: key) { add(amount, to: &$0) }
      }
    }
  }

  static func locked() -> Subject {
    let map = LockedDictionary<Int, Int>()
    return Subject { operation in
      switch operation {
      case .get(let key): map[key]
      case .set(let key, let value): map.updateValue(value, forKey: key)
      case .remove(let key): map.removeValue(forKey: key)
      case .add(let key, let amount): map.withValue(forKey: key) { add(amount, to: &$0) }
      }
    }
  }

  /// Adds in two steps, each under the lock.
  static func broken() -> Subject {
    let map = LockedDictionary<Int, Int>()
    return Subject { operation in
      switch operation {
      case .get(let key): return map[key]
      case .set(let key, let value): return map.updateValue(value, forKey: key)
      case .remove(let key): return map.removeValue(forKey: key)
      case .add(let key, let amount):
        let new = (map[key] ?? 0) + amount
        map.updateValue(new, forKey: key)
        return new
      }
    }
  }

  private static func add(_ amount: Int, to value: inout Int?) -> Int? {
    value = (value ?? 0) + amount
    return value
  }
}
