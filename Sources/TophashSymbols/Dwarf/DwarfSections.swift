/// The sections that line tables are read from.
struct DwarfSections {
  var line: Bytes?
  var lineStrings: Bytes?
  var strings: Bytes?
  var info: Bytes?
  var abbreviations: Bytes?

  /// The image's own sections; compressed ones count as absent.
  init(_ image: ElfImage) {
    func contents(_ name: String) -> Bytes? {
      guard let section = image.section(named: name), !section.isCompressed else { return nil }
      return image.contents(of: section)
    }
    line = contents(".debug_line")
    lineStrings = contents(".debug_line_str")
    strings = contents(".debug_str")
    info = contents(".debug_info")
    abbreviations = contents(".debug_abbrev")
  }
}

/// A value in debug information, where some caller has a use for it.
enum DwarfValue {
  case text(String)
  case number(UInt64)
  case unused

  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: UInt64? { if case .number(let number) = self { number } else { nil } }

  /// Reads a value written in `form` (`DW_FORM_…`), or skips it.
  init(
    form: UInt64, from reader: inout DwarfReader, sections: DwarfSections, addressSize: UInt8 = 8
  ) throws(DwarfError) {
    self = .unused
    switch form {
    case 0x08: self = .text(try reader.string())
    case 0x0e: self = .init(in: sections.strings, at: try reader.offset())
    case 0x1f: self = .init(in: sections.lineStrings, at: try reader.offset())
    case 0x0b, 0x11, 0x0c: self = .number(UInt64(try reader.read(UInt8.self)))
    case 0x05, 0x12: self = .number(UInt64(try reader.read(UInt16.self)))
    case 0x06, 0x13: self = .number(UInt64(try reader.read(UInt32.self)))
    case 0x07, 0x14, 0x20: self = .number(try reader.read(UInt64.self))
    case 0x0f, 0x15: self = .number(try reader.unsigned())
    case 0x0d: self = .number(UInt64(bitPattern: try reader.signed()))
    case 0x17: self = .number(try reader.offset())
    case 0x10: _ = try reader.offset()
    case 0x19: break  // a flag whose presence is its value
    case 0x01: try reader.skip(UInt64(addressSize))
    case 0x1e: try reader.skip(16)
    case 0x09, 0x18: try reader.skip(try reader.unsigned())
    case 0x0a: try reader.skip(UInt64(try reader.read(UInt8.self)))
    case 0x03: try reader.skip(UInt64(try reader.read(UInt16.self)))
    case 0x04: try reader.skip(UInt64(try reader.read(UInt32.self)))
    default: throw DwarfError()
    }
  }

  private init(in section: Bytes?, at offset: UInt64) {
    self = Int(exactly: offset).flatMap { section?.string(at: $0) }.map(Self.text) ?? .unused
  }
}
