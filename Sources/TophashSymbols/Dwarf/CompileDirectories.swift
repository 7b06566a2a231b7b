/// The directory in which each line table's compile unit was compiled.
///
/// Only units before version 5 are read: later line tables name the directory themselves.
struct CompileDirectories {
  private var directories: [UInt64: String] = [:]

  init(_ sections: DwarfSections) {
    guard let abbreviations = sections.abbreviations else { return }
    for unit in DwarfUnit.all(in: sections) where unit.version < 5 {
      var entries = DwarfEntries(
        unit, sections: sections,
        abbreviations: DwarfAbbreviation.table(at: unit.abbreviations, in: abbreviations))
      let root = try? entries.next { $1 == DwarfAttribute.lines || $1 == DwarfAttribute.directory }
      if let root, let lines = root[DwarfAttribute.lines]?.number,
        let directory = root[DwarfAttribute.directory]?.text
      {
        directories[lines] = directory
      }
    }
  }

  /// The directory for the line table at `offset` in `.debug_line`.
  subscript(offset: Int) -> String? { directories[UInt64(offset)] }
}

/// The attributes of entries that somebody reads (`DW_AT_…`).
enum DwarfAttribute {
  static let name: UInt64 = 0x03
  static let lines: UInt64 = 0x10
  static let lowAddress: UInt64 = 0x11
  static let highAddress: UInt64 = 0x12
  static let directory: UInt64 = 0x1b
  static let origin: UInt64 = 0x31
  static let specification: UInt64 = 0x47
  static let ranges: UInt64 = 0x55
  static let callColumn: UInt64 = 0x57
  static let callFile: UInt64 = 0x58
  static let callLine: UInt64 = 0x59
  static let linkageName: UInt64 = 0x6e
  static let stringOffsetsBase: UInt64 = 0x72
  static let addressBase: UInt64 = 0x73
  static let rangeListsBase: UInt64 = 0x74
}
