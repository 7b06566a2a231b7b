/// The registers of one frame, as far as they are known, by their DWARF numbers on x86-64.
struct Registers: Hashable, Sendable {
  static let rbx = 3
  static let framePointer = 6
  static let stackPointer = 7
  /// The instruction pointer; in rules, the return address.
  static let programCounter = 16
  /// One past the last number.
  static let count = 17
  /// The registers that a function must leave as they were.
  static let preserved: Set<Int> = [rbx, framePointer, stackPointer, 12, 13, 14, 15]

  /// Set in a saved frame pointer when the frame that saved it is one of a Swift async function.
  private static let asyncMark: UInt64 = 1 << 60

  private var values = [UInt64?](repeating: nil, count: count)

  subscript(register: Int) -> UInt64? {
    get { values[register] }
    set { values[register] = newValue }
  }

  /// The value as an address: a frame pointer is freed of the async mark, which no address has.
  func address(in register: Int) -> UInt64? {
    values[register].map { register == Self.framePointer ? $0 & ~Self.asyncMark : $0 }
  }
}

/// A copy of the part of a thread's stack that starts at its stack pointer.
struct StackCopy: Sendable {
  var start: UInt64
  var bytes: [UInt8]

  /// The word at `address`; `nil` when it was not copied.
  func word(at address: UInt64) -> UInt64? {
    guard address >= start, bytes.count >= 8, address - start <= UInt64(bytes.count - 8) else {
      return nil
    }
    let offset = Int(address - start)
    return (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }
}
