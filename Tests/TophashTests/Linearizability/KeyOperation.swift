import TophashLinearizability

/// What a stress task does to one key.
enum KeyOperation: Hashable, Sendable {
  case read
  case set(Int)
  case remove
  case insertIfAbsent(Int)
  case add(Int)
  case exchange(expected: Int?, desired: Int?)
}

/// What a stress task does.
struct MapOperation: Hashable, Sendable, CustomStringConvertible {
  var key: Int
  var operation: KeyOperation

  var description: String { "[\(key)] \(operation)" }
}

/// A map that does one operation at a time: a value for each key, and what the caller gets.
struct MapModel: SequentialModel {
  var initialState: Int? { nil }

  func part(of operation: MapOperation) -> Int { operation.key }

  func apply(_ operation: MapOperation, to value: inout Int?) -> Int? {
    let old = value
    switch operation.operation {
    case .read: break
    case .set(let new): value = new
    case .remove: value = nil
    case .insertIfAbsent(let new):
      value = old ?? new
      return value
    case .add(let amount): value = (old ?? 0) + amount
    case .exchange(let expected, let desired): if old == expected { value = desired }
    }
    return old
  }
}

typealias MapHistory = History<MapOperation, Int?>
