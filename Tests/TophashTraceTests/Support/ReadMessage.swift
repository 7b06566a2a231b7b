/// A message of protocol buffers, taken apart for comparison. Traps on anything that is none.
struct ReadMessage {
  struct Field {
    var number: Int
    /// Of an integer; 0 for a field with a length.
    var value: UInt64 = 0
    var bytes: [UInt8] = []
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var message: ReadMessage { ReadMessage(bytes) }
    var packed: [UInt64] {
      var rest = bytes[...]
      var values: [UInt64] = []
      while !rest.isEmpty { values.append(ReadMessage.variable(&rest)) }
      return values
    }
  }

  private(set) var fields: [Field] = []

  init(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let key = Self.variable(&rest)
      var field = Field(number: Int(key >> 3))
      switch key & 7 {
      case 0: field.value = Self.variable(&rest)
      case 1:
        field.value = rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(8)
      case 2:
        let count = Int(Self.variable(&rest))
        precondition(count <= rest.count, "a field ends after its message")
        field.bytes = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
      default: preconditionFailure("wire type \(key & 7)")
      }
      fields.append(field)
    }
  }

  subscript(number: Int) -> [Field] { fields.filter { $0.number == number } }

  private static func variable(_ rest: inout ArraySlice<UInt8>) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      let byte = rest.removeFirst()
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte & 0x80 == 0 { return value }
    }
    preconditionFailure("an integer of more than ten bytes")
  }
}
