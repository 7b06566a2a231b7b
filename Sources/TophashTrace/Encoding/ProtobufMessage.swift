/// A message of protocol buffers that is being written.
///
/// Only the wire format: field numbers, variable-length integers, and fields with a length
/// (https://protobuf.dev/programming-guides/encoding/). Which fields a message has is up to whoever
/// writes it. Fields appear in the order of the calls.
package struct ProtobufMessage: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Any of the integer types that are not `sint` or `fixed`. Zero is what a reader assumes.
  package mutating func add(_ value: UInt64, field: Int) {
    guard value != 0 else { return }
    addKey(field, .variable)
    addVariable(value)
  }

  /// The same, also where it is zero: for fields that have to be there.
  package mutating func addAlways(_ value: UInt64, field: Int) {
    addKey(field, .variable)
    addVariable(value)
  }

  package mutating func add(_ value: Int64, field: Int) {
    add(UInt64(bitPattern: value), field: field)
  }

  /// A `fixed64`.
  package mutating func addFixed(_ value: UInt64, field: Int) {
    addKey(field, .eightBytes)
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  /// Many integers in one field.
  package mutating func addPacked(_ values: [UInt64], field: Int) {
    guard !values.isEmpty else { return }
    var inner = ProtobufMessage()
    for value in values { inner.addVariable(value) }
    add(inner, field: field)
  }

  package mutating func add(_ text: String, field: Int) {
    add(bytes: Array(text.utf8), field: field)
  }

  /// A message within this one.
  package mutating func add(_ message: ProtobufMessage, field: Int) {
    add(bytes: message.bytes, field: field)
  }

  package mutating func add(_ field: Int, _ build: (inout ProtobufMessage) -> Void) {
    var message = ProtobufMessage()
    build(&message)
    add(message, field: field)
  }

  private mutating func add(bytes: [UInt8], field: Int) {
    addKey(field, .withLength)
    addVariable(UInt64(bytes.count))
    self.bytes += bytes
  }

  private enum WireType: UInt64 {
    case variable = 0
    case eightBytes = 1
    case withLength = 2
  }

  private mutating func addKey(_ field: Int, _ type: WireType) {
    addVariable(UInt64(field) << 3 | type.rawValue)
  }

  /// Seven bits a byte, the lowest first; the highest bit says that more follow.
  private mutating func addVariable(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}
