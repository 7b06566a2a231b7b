/// The directory in which each line table's compile unit was compiled.
///
/// Only units before version 5 are read: later line tables name the directory themselves.
struct CompileDirectories {
  private var directories: [UInt64: String] = [:]

  init(_ sections: DwarfSections) {
    guard let info = sections.info, let abbreviations = sections.abbreviations else { return }
    var reader = DwarfReader(info)
    while !reader.isAtEnd, let end = try? reader.unitEnd() {
      if let unit = try? Self.unit(&reader, abbreviations: abbreviations, sections: sections) {
        directories[unit.lineTable] = unit.directory
      }
      reader.position = end
    }
  }

  /// The directory for the line table at `offset` in `.debug_line`.
  subscript(offset: Int) -> String? { directories[UInt64(offset)] }

  /// Reads a unit's header and its first entry.
  private static func unit(
    _ reader: inout DwarfReader, abbreviations: Bytes, sections: DwarfSections
  ) throws(DwarfError) -> (lineTable: UInt64, directory: String)? {
    guard (2...4).contains(try reader.read(UInt16.self)) else { return nil }
    let table = try reader.offset()
    let addressSize = try reader.read(UInt8.self)
    let code = try reader.unsigned()
    guard let start = Int(exactly: table) else { throw DwarfError() }
    var abbreviation = DwarfReader(abbreviations, at: start)
    guard try find(code, in: &abbreviation) else { return nil }

    var lineTable: UInt64?
    var directory: String?
    while lineTable == nil || directory == nil {
      let attribute = try abbreviation.unsigned()
      let form = try abbreviation.unsigned()
      if attribute == 0, form == 0 { return nil }
      let value = try DwarfValue(
        form: form, from: &reader, sections: sections, addressSize: addressSize)
      switch attribute {
      case 0x10: lineTable = value.number
      case 0x1b: directory = value.text
      default: break
      }
    }
    return lineTable.flatMap { table in directory.map { (table, $0) } }
  }

  /// Moves to the attributes of abbreviation `code`.
  private static func find(_ code: UInt64, in reader: inout DwarfReader) throws(DwarfError) -> Bool
  {
    while true {
      let next = try reader.unsigned()
      if next == 0 { return false }
      _ = try reader.unsigned()
      try reader.skip(1)
      if next == code { return true }
      // The list of attribute and form ends with a pair of zeros.
      while true {
        let (attribute, form) = (try reader.unsigned(), try reader.unsigned())
        if attribute == 0, form == 0 { break }
      }
    }
  }
}
