/// What a stress task does to one key.
enum KeyOperation: Hashable, Sendable {
  case read
  case set(Int)
  case remove
  case insertIfAbsent(Int)
  case add(Int)
  case exchange(expected: Int?, desired: Int?)

  /// The sequential meaning: the value after, and what the caller gets.
  func apply(to value: Int?) -> (after: Int?, result: Int?) {
    switch self {
    case .read: (value, value)
    case .set(let new): (new, value)
    case .remove: (nil, value)
    case .insertIfAbsent(let new): (value ?? new, value ?? new)
    case .add(let amount): ((value ?? 0) + amount, value)
    case .exchange(let expected, let desired): (value == expected ? desired : value, value)
    }
  }
}

/// An operation that ran: between `call` and `end` it took effect, at one moment.
struct RecordedOperation: Sendable {
  var task: Int
  var key: Int
  var operation: KeyOperation
  var result: Int?
  var call: UInt64
  var end: UInt64
}
