import TophashLinearizability

/// What can be done to a map, with what it answered.
enum Operation: Sendable {
  case get(Int)
  case set(Int, to: Int)
  case remove(Int)
  /// Reads, adds and writes in one step.
  case add(Int, Int)
}

/// A map that does one thing at a time: what each key holds, and what is answered.
struct MapModel: SequentialModel {
  var initialState: Int? { nil }

  func part(of operation: Operation) -> Int {
    switch operation {
    case .get(let key), .set(let key, _), .remove(let key), .add(let key, _): key
    }
  }

  func apply(_ operation: Operation, to value: inout Int?) -> Int? {
    let old = value
    switch operation {
    case .get: break
    case .set(_, let new): value = new
    case .remove: value = nil
    case .add(_, let amount):
      value = (old ?? 0) + amount
      return value
    }
    return old
  }
}
