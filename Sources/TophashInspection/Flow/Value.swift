/// What is known of a word in a register or on the stack: something, plus an offset.
struct Value: Hashable {
  /// An index into the function's `Origins`.
  var origin: Int32
  var offset: Int64

  static let unknown = Value(origin: 0, offset: 0)

  /// A number: an immediate operand, or an address in the image.
  static func constant(_ value: Int64) -> Value { Value(origin: 1, offset: value) }

  /// The stack pointer at the function's entry, plus an offset.
  static func stack(_ offset: Int64) -> Value { Value(origin: 2, offset: offset) }

  var isKnown: Bool { origin != 0 }
  var isConstant: Bool { origin == 1 }
  var isStack: Bool { origin == 2 }
  var address: UInt64? { isConstant ? UInt64(bitPattern: offset) : nil }

  static func + (value: Value, offset: Int64) -> Value {
    value.isKnown ? Value(origin: value.origin, offset: value.offset &+ offset) : .unknown
  }
}

/// Where a word came from.
enum Origin: Hashable {
  case unknown
  case constant
  case stack
  /// What a register held at the function's entry.
  case entry(UInt8)
  /// The frame of an asynchronous function, which outlives its parts.
  case asyncFrame
  /// The frame of the asynchronous function that has just returned to this part.
  case calleeFrame
  /// The word at an address.
  case loaded(Value)
  /// The result of the call at an address.
  case result(UInt64)
  /// The address of a symbol of another image.
  case symbol(String)
}

/// The origins that occur in one function.
struct Origins {
  private(set) var all: [Origin] = [.unknown, .constant, .stack]
  private var indices: [Origin: Int32] = [:]

  /// A loop that follows a list would make new origins without end.
  private static let limit = 1 << 14

  subscript(value: Value) -> Origin { all[Int(value.origin)] }

  /// `origin` itself, with offset 0.
  mutating func value(_ origin: Origin) -> Value {
    if let index = indices[origin] { return Value(origin: index, offset: 0) }
    guard all.count < Self.limit else { return .unknown }
    let index = Int32(all.count)
    all.append(origin)
    indices[origin] = index
    return Value(origin: index, offset: 0)
  }
}
