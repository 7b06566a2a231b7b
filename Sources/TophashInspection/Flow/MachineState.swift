/// What is known of the registers and the stack at one place of a function.
struct MachineState: Equatable {
  private var registers = [Value](repeating: .unknown, count: 16)
  /// Two words at a time are copied through these.
  private var vectors = [[Value]](repeating: [], count: 16)
  /// Words on the stack, by their distance from the stack pointer at entry.
  private var slots: [Int64: Value] = [:]

  subscript(register: UInt8) -> Value {
    get { registers[Int(register & 15)] }
    set { registers[Int(register & 15)] = newValue }
  }

  /// The two words in a vector register; empty when not known.
  func vector(_ register: UInt8) -> [Value] { vectors[Int(register & 15)] }

  mutating func setVector(_ register: UInt8, _ words: [Value]) {
    vectors[Int(register & 15)] = words
  }

  mutating func forgetVectors() {
    for index in vectors.indices where !vectors[index].isEmpty { vectors[index] = [] }
  }

  func slot(_ offset: Int64) -> Value { slots[offset] ?? .unknown }

  /// A store of `size` bytes: what it overlaps is gone.
  mutating func store(_ value: Value, at offset: Int64, size: Int64 = 8) {
    if !slots.isEmpty {
      for place in (offset &- 7)..<(offset &+ size) where slots[place] != nil {
        slots[place] = nil
      }
    }
    if size == 8, value.isKnown { slots[offset] = value }
  }

  /// Keeps what both agree on; true when that is less than this state knew.
  mutating func meet(_ other: MachineState) -> Bool {
    var isChanged = false
    for index in registers.indices
    where registers[index].isKnown && registers[index] != other.registers[index] {
      registers[index] = .unknown
      isChanged = true
    }
    for index in vectors.indices
    where !vectors[index].isEmpty && vectors[index] != other.vectors[index] {
      vectors[index] = []
      isChanged = true
    }
    for (offset, value) in slots where other.slots[offset] != value {
      slots[offset] = nil
      isChanged = true
    }
    return isChanged
  }
}
