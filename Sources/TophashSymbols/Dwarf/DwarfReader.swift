/// Debug information that ends early or makes no sense; the unit that holds it is skipped.
struct DwarfError: Error {}

/// Reads debug information from left to right.
struct DwarfReader {
  let bytes: Bytes
  var position: Int
  /// Size of offsets in the unit at hand: 4, or 8 in 64-bit DWARF.
  private(set) var offsetSize = 4

  init(_ bytes: Bytes, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// A reader of another section of the same unit.
  func moved(to bytes: Bytes) -> DwarfReader {
    var reader = DwarfReader(bytes)
    reader.offsetSize = offsetSize
    return reader
  }

  var isAtEnd: Bool { position >= bytes.count }

  @inline(__always)
  mutating func read<T: FixedWidthInteger>(_ type: T.Type) throws(DwarfError) -> T {
    guard let value = bytes.load(T.self, at: position) else { throw DwarfError() }
    position += MemoryLayout<T>.size
    return value
  }

  @inline(__always)
  mutating func unsigned() throws(DwarfError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try read(UInt8.self)
      // Bits beyond the word are lost: shifts of 64 and more give 0.
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
  }

  mutating func signed() throws(DwarfError) -> Int64 {
    var value: Int64 = 0
    var shift: Int64 = 0
    while true {
      let byte = try read(UInt8.self)
      value |= Int64(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 {
        if byte & 0x40 != 0, shift < 64 { value |= -1 << shift }
        return value
      }
    }
  }

  /// An offset into another section.
  mutating func offset() throws(DwarfError) -> UInt64 {
    offsetSize == 8 ? try read(UInt64.self) : UInt64(try read(UInt32.self))
  }

  /// The length at the start of a unit; sets `offsetSize` and returns where the unit ends.
  mutating func unitEnd() throws(DwarfError) -> Int {
    offsetSize = 4
    var length = UInt64(try read(UInt32.self))
    if length == 0xffff_ffff {
      offsetSize = 8
      length = try read(UInt64.self)
    } else if length >= 0xffff_fff0 {
      throw DwarfError()
    }
    guard length <= UInt64(bytes.count - position) else { throw DwarfError() }
    return position + Int(length)
  }

  mutating func string() throws(DwarfError) -> String {
    guard let text = bytes.string(at: position) else { throw DwarfError() }
    position += text.utf8.count + 1
    return text
  }

  /// An unsigned number of 1 to 8 bytes.
  mutating func number(ofSize size: UInt8) throws(DwarfError) -> UInt64 {
    guard (1...8).contains(size) else { throw DwarfError() }
    var value: UInt64 = 0
    for shift in 0..<UInt64(size) { value |= UInt64(try read(UInt8.self)) << (shift * 8) }
    return value
  }

  mutating func skipString() throws(DwarfError) {
    while try read(UInt8.self) != 0 {}
  }

  mutating func skip(_ count: UInt64) throws(DwarfError) {
    guard count <= UInt64(max(0, bytes.count - position)) else { throw DwarfError() }
    position += Int(count)
  }
}
