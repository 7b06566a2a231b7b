/// A value in debug information, where some caller has a use for it.
enum DwarfValue {
  /// A string of the section at hand.
  case text(String)
  case number(UInt64)
  case address(UInt64)
  /// An entry, by its offset in the unit.
  case entry(UInt64)
  /// An entry, by its offset in `.debug_info`.
  case entryInSection(UInt64)
  /// The number of a string, an address or a list of ranges in a table that the unit names.
  case index(UInt64)
  case unused

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: UInt64? { if case .number(let number) = self { number } else { nil } }
  var isUsed: Bool { if case .unused = self { false } else { true } }

  /// Reads a value written in `form` (`DW_FORM_…`), or skips it.
  ///
  /// - Parameters:
  ///   - constant: The value of a form that keeps it with the abbreviation.
  ///   - isWanted: False to skip it whatever it is.
  @inline(__always)
  init(
    form: UInt64, from reader: inout DwarfReader, sections: DwarfSections, addressSize: UInt8 = 8,
    constant: Int64 = 0, isWanted: Bool = true
  ) throws(DwarfError) {
    let value = try Self.read(
      form: form, from: &reader, sections: isWanted ? sections : nil, addressSize: addressSize,
      constant: constant)
    self = isWanted ? value : .unused
  }

  /// - Parameter sections: `nil` to pass over strings without decoding them.
  private static func read(
    form: UInt64, from reader: inout DwarfReader, sections: DwarfSections?, addressSize: UInt8,
    constant: Int64
  ) throws(DwarfError) -> DwarfValue {
    switch form {
    case 0x08:
      guard sections == nil else { return .text(try reader.string()) }
      try reader.skipString()
    case 0x0e: return text(in: sections?.strings, at: try reader.offset())
    case 0x1f: return text(in: sections?.lineStrings, at: try reader.offset())
    case 0x0b, 0x0c: return .number(UInt64(try reader.read(UInt8.self)))
    case 0x05: return .number(UInt64(try reader.read(UInt16.self)))
    case 0x06: return .number(UInt64(try reader.read(UInt32.self)))
    case 0x07: return .number(try reader.read(UInt64.self))
    case 0x0f: return .number(try reader.unsigned())
    case 0x0d: return .number(UInt64(bitPattern: try reader.signed()))
    case 0x17: return .number(try reader.offset())
    case 0x19: return .number(1)  // a flag whose presence is its value
    case 0x21: return .number(UInt64(bitPattern: constant))
    case 0x11: return .entry(UInt64(try reader.read(UInt8.self)))
    case 0x12: return .entry(UInt64(try reader.read(UInt16.self)))
    case 0x13: return .entry(UInt64(try reader.read(UInt32.self)))
    case 0x14: return .entry(try reader.read(UInt64.self))
    case 0x15: return .entry(try reader.unsigned())
    case 0x10: return .entryInSection(try reader.offset())
    case 0x01: return .address(try reader.number(ofSize: addressSize))
    case 0x1a, 0x1b, 0x22, 0x23: return .index(try reader.unsigned())
    case 0x25, 0x29: return .index(try reader.number(ofSize: 1))
    case 0x26, 0x2a: return .index(try reader.number(ofSize: 2))
    case 0x27, 0x2b: return .index(try reader.number(ofSize: 3))
    case 0x28, 0x2c: return .index(try reader.number(ofSize: 4))
    case 0x20, 0x24: try reader.skip(8)  // entries of other files
    case 0x1c: try reader.skip(4)
    case 0x1d, 0x1f20, 0x1f21: _ = try reader.offset()
    case 0x1e: try reader.skip(16)
    case 0x09, 0x18: try reader.skip(try reader.unsigned())
    case 0x0a: try reader.skip(UInt64(try reader.read(UInt8.self)))
    case 0x03: try reader.skip(UInt64(try reader.read(UInt16.self)))
    case 0x04: try reader.skip(UInt64(try reader.read(UInt32.self)))
    default: throw DwarfError()
    }
    return .unused
  }

  private static func text(in section: Bytes?, at offset: UInt64) -> DwarfValue {
    Int(exactly: offset).flatMap { section?.string(at: $0) }.map(Self.text) ?? .unused
  }
}
