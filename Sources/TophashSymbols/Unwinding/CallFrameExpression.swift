/// A computation on registers and memory, as procedure linkage tables, signal frames and functions
/// that realign their stack need it. Without branches, so that it ends.
struct CallFrameExpression: Sendable {
  private static let maximumDepth = 64

  private let operations: CallFrameReader

  init(_ operations: CallFrameReader) {
    self.operations = operations
  }

  /// The value left on top.
  ///
  /// - Parameter first: Put on the stack before the first operation.
  /// - Returns: `nil` when it needs a register that is not known or memory that was not copied,
  ///   has an operation that is not handled, or is damaged.
  func evaluate(startingWith first: UInt64? = nil, registers: Registers, stack: StackCopy)
    -> UInt64?
  {
    var values = first.map { [$0] } ?? []
    var reader = operations
    while !reader.isAtEnd {
      guard let code = try? reader.read(UInt8.self), values.count < Self.maximumDepth,
        (try? Self.apply(code, &reader, &values, registers, stack)) != nil
      else { return nil }
    }
    return values.last
  }

  private static func apply(
    _ code: UInt8, _ reader: inout CallFrameReader, _ values: inout [UInt64],
    _ registers: Registers, _ stack: StackCopy
  ) throws(CallFrameError) {
    if let constant = try constant(code, &reader) {
      values.append(constant)
      return
    }
    switch code {
    case 0x70...0x8f, 0x92:  // bregN, bregx
      let register = code == 0x92 ? try reader.readUnsigned() : UInt64(code - 0x70)
      let offset = try reader.readSigned()
      guard register < UInt64(Registers.count), let value = registers.address(in: Int(register))
      else {
        throw .unsupported
      }
      values.append(value &+ UInt64(bitPattern: offset))
    case 0x06:  // deref
      guard let value = stack.word(at: try pop(&values)) else { throw .unsupported }
      values.append(value)
    case 0x12:  // dup
      let value = try pop(&values)
      values += [value, value]
    case 0x13:  // drop
      _ = try pop(&values)
    case 0x1f:  // neg
      values.append(0 &- (try pop(&values)))
    case 0x20:  // not
      values.append(~(try pop(&values)))
    case 0x23:  // plus_uconst
      values.append(try pop(&values) &+ reader.readUnsigned())
    default:
      let right = try pop(&values)
      let left = try pop(&values)
      values.append(try combine(code, left, right))
    }
  }

  /// The number that the operation is for; `nil` for other operations.
  private static func constant(_ code: UInt8, _ reader: inout CallFrameReader)
    throws(CallFrameError) -> UInt64?
  {
    switch code {
    case 0x08: UInt64(try reader.read(UInt8.self))
    case 0x09: UInt64(bitPattern: Int64(try reader.read(Int8.self)))
    case 0x0a: UInt64(try reader.read(UInt16.self))
    case 0x0b: UInt64(bitPattern: Int64(try reader.read(Int16.self)))
    case 0x0c: UInt64(try reader.read(UInt32.self))
    case 0x0d: UInt64(bitPattern: Int64(try reader.read(Int32.self)))
    case 0x0e, 0x0f: try reader.read(UInt64.self)
    case 0x10: try reader.readUnsigned()
    case 0x11: UInt64(bitPattern: try reader.readSigned())
    case 0x30...0x4f: UInt64(code - 0x30)
    default: nil
    }
  }

  private static func combine(_ code: UInt8, _ left: UInt64, _ right: UInt64)
    throws(CallFrameError) -> UInt64
  {
    let (a, b) = (Int64(bitPattern: left), Int64(bitPattern: right))
    return switch code {
    case 0x1a: left & right
    case 0x1c: left &- right
    case 0x1e: left &* right
    case 0x21: left | right
    case 0x22: left &+ right
    case 0x24: left << right
    case 0x25: left >> right
    case 0x26: UInt64(bitPattern: a >> right)
    case 0x27: left ^ right
    case 0x29: a == b ? 1 : 0
    case 0x2a: a >= b ? 1 : 0
    case 0x2b: a > b ? 1 : 0
    case 0x2c: a <= b ? 1 : 0
    case 0x2d: a < b ? 1 : 0
    case 0x2e: a != b ? 1 : 0
    default: throw .unsupported
    }
  }

  private static func pop(_ values: inout [UInt64]) throws(CallFrameError) -> UInt64 {
    guard let value = values.popLast() else { throw .malformed }
    return value
  }
}
