/// Why call frame information could not be followed.
enum CallFrameError: Error {
  /// The bytes end early, or contradict themselves.
  case malformed
  /// Correct as far as one can tell, but of a kind that is not handled.
  case unsupported
}

/// How an address is written (`DW_EH_PE_*`).
struct PointerEncoding: Hashable, Sendable {
  var rawValue: UInt8

  static let absolute = PointerEncoding(rawValue: 0)

  /// Whether no address is there at all.
  var isOmitted: Bool { rawValue == 0xff }
  /// The width and sign of the number.
  var format: UInt8 { rawValue & 0x0f }
  /// What the number is relative to.
  var base: UInt8 { rawValue & 0x70 }
  /// Whether the number is the address of the address.
  var isIndirect: Bool { rawValue & 0x80 != 0 }

  /// The same number, taken as it is: a length.
  var withoutBase: PointerEncoding { PointerEncoding(rawValue: format) }

  /// Bytes that the number takes; `nil` when that varies.
  var size: Int? {
    switch format {
    case 0x2, 0xa: 2
    case 0x3, 0xb: 4
    case 0x0, 0x4, 0xc: 8
    default: nil
    }
  }
}

/// Reads call frame information field by field, and throws at its end.
struct CallFrameReader: Sendable {
  /// The memory that the fields lie in, as the file has it.
  let bytes: Bytes
  /// The address of `bytes` in the image.
  let address: UInt64
  /// The next field, as an offset in `bytes`.
  private(set) var position: Int
  /// One past the last byte to read; at most `bytes.count`.
  private(set) var end: Int

  init(_ bytes: Bytes, address: UInt64) {
    self.bytes = bytes
    self.address = address
    position = 0
    end = bytes.count
  }

  var isAtEnd: Bool { position >= end }

  /// The address of the next field.
  var currentAddress: UInt64 { address &+ UInt64(position) }

  /// Continues at `position`, wherever that is; reading throws when it lies outside.
  mutating func move(to position: Int) {
    self.position = position
  }

  /// The part with the next `count` bytes, which are skipped.
  mutating func part(count: UInt64) throws(CallFrameError) -> CallFrameReader {
    guard position >= 0, position <= end, let count = Int(exactly: count),
      count <= end - position
    else { throw .malformed }
    var part = self
    part.end = position + count
    position += count
    return part
  }

  mutating func read<T: FixedWidthInteger>(_ type: T.Type) throws(CallFrameError) -> T {
    guard end - position >= MemoryLayout<T>.size, let value = bytes.load(T.self, at: position)
    else { throw .malformed }
    position += MemoryLayout<T>.size
    return value
  }

  /// An unsigned number of variable length.
  mutating func readUnsigned() throws(CallFrameError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try read(UInt8.self)
      value |= UInt64(byte & 0x7f) << shift  // bits that do not fit fall out
      shift += 7
      if byte & 0x80 == 0 { return value }
    }
  }

  /// A signed number of variable length.
  mutating func readSigned() throws(CallFrameError) -> Int64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try read(UInt8.self)
      value |= UInt64(byte & 0x7f) << shift
      shift += 7
      guard byte & 0x80 == 0 else { continue }
      if byte & 0x40 != 0 { value |= ~0 << shift }
      return Int64(bitPattern: value)
    }
  }

  /// The bytes up to the next zero.
  mutating func readString() throws(CallFrameError) -> [UInt8] {
    var text: [UInt8] = []
    while true {
      let byte = try read(UInt8.self)
      if byte == 0 { return text }
      text.append(byte)
    }
  }

  /// An address in the image.
  ///
  /// - Parameters:
  ///   - dataBase: What addresses relative to data are relative to; such addresses are
  ///     unsupported without it.
  ///   - image: Where the address of an address is looked up.
  mutating func readPointer(
    _ encoding: PointerEncoding, dataBase: UInt64? = nil, in image: ElfImage? = nil
  ) throws(CallFrameError) -> UInt64 {
    let start = currentAddress
    var value: UInt64
    switch encoding.format {
    case 0x0, 0x4, 0xc: value = try read(UInt64.self)
    case 0x1: value = try readUnsigned()
    case 0x2: value = UInt64(try read(UInt16.self))
    case 0x3: value = UInt64(try read(UInt32.self))
    case 0x9: value = UInt64(bitPattern: try readSigned())
    case 0xa: value = UInt64(bitPattern: Int64(try read(Int16.self)))
    case 0xb: value = UInt64(bitPattern: Int64(try read(Int32.self)))
    default: throw .unsupported
    }
    switch encoding.base {
    case 0x00: break
    case 0x10: value = value &+ start
    case 0x30:
      guard let dataBase else { throw .unsupported }
      value = value &+ dataBase
    default: throw .unsupported
    }
    guard encoding.isIndirect else { return value }
    guard let image, let target = image.load(UInt64.self, at: value) else { throw .unsupported }
    return target
  }
}
