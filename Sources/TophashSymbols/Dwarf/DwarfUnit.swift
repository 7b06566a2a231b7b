/// A unit of `.debug_info`: what its header says, and how its entries are laid out.
struct DwarfUnit {
  /// Where the header starts; entries refer to each other from here.
  let start: Int
  let end: Int
  let version: UInt16
  /// Where the first entry starts, as a reader that knows the size of offsets.
  let entries: DwarfReader
  let addressSize: UInt8
  /// Of the unit's table in `.debug_abbrev`.
  let abbreviations: Int

  /// All units of `sections`, by where they start. Stops quietly where a length makes no sense;
  /// units of an unknown version are left out.
  static func all(in sections: DwarfSections) -> [DwarfUnit] {
    guard let info = sections.info else { return [] }
    var units: [DwarfUnit] = []
    var reader = DwarfReader(info)
    while !reader.isAtEnd {
      let start = reader.position
      guard let end = try? reader.unitEnd() else { break }
      if let unit = try? DwarfUnit(reader, start: start, end: end) { units.append(unit) }
      reader.position = end
    }
    return units
  }

  /// Reads what follows the length.
  private init(_ header: DwarfReader, start: Int, end: Int) throws(DwarfError) {
    var reader = header
    version = try reader.read(UInt16.self)
    guard (2...5).contains(version) else { throw DwarfError() }
    var table: UInt64 = 0
    if version == 5 {
      let kind = try reader.read(UInt8.self)
      addressSize = try reader.read(UInt8.self)
      table = try reader.offset()
      switch kind {
      case 0x04, 0x05: try reader.skip(8)  // skeleton, split: the identity of the whole
      case 0x02, 0x06: try reader.skip(8 + UInt64(reader.offsetSize))  // types
      default: break
      }
    } else {
      table = try reader.offset()
      addressSize = try reader.read(UInt8.self)
    }
    guard let abbreviations = Int(exactly: table) else { throw DwarfError() }
    self.abbreviations = abbreviations
    self.start = start
    self.end = end
    entries = reader
  }
}

/// How the entries of one shape are laid out.
struct DwarfAbbreviation {
  struct Attribute {
    var name: UInt64
    var form: UInt64
    /// The value itself, for a form that keeps it here.
    var constant: Int64
  }

  var tag: UInt64
  var hasChildren: Bool
  var attributes: [Attribute]

  /// The table that starts at `offset` in `.debug_abbrev`, by code, as far as it makes sense.
  static func table(at offset: Int, in bytes: Bytes) -> [UInt64: DwarfAbbreviation] {
    var table: [UInt64: DwarfAbbreviation] = [:]
    var reader = DwarfReader(bytes, at: offset)
    while let code = try? reader.unsigned(), code != 0 {
      guard let abbreviation = try? DwarfAbbreviation(&reader) else { break }
      table[code] = abbreviation
    }
    return table
  }

  private init(_ reader: inout DwarfReader) throws(DwarfError) {
    tag = try reader.unsigned()
    hasChildren = try reader.read(UInt8.self) != 0
    attributes = []
    while true {
      let (name, form) = (try reader.unsigned(), try reader.unsigned())
      if name == 0, form == 0 { return }
      let constant = form == 0x21 ? try reader.signed() : 0
      attributes.append(Attribute(name: name, form: form, constant: constant))
    }
  }
}
