/// The line table of one compile unit in `.debug_line`: its header, and the program that lists
/// which address belongs to which line. Versions 2 to 5.
struct LineProgram {
  /// From this address on, up to the next row's, the code belongs to this line.
  struct Row {
    var address: UInt64
    var file: UInt64
    /// From 1; 0 where the compiler knew no line.
    var line: UInt32
    var column: UInt32
  }

  private let version: UInt16
  private let minimumLength: UInt64
  private let lineBase: Int64
  private let lineRange: UInt8
  private let opcodeBase: UInt8
  private let operandCounts: [UInt8]
  private let tables: DwarfReader
  private let start: Int
  private let end: Int

  /// Reads the header of the unit that ends at `end`; `start` stands behind its length.
  ///
  /// - Throws: `DwarfError` for an unknown version or a header that makes no sense.
  init(_ start: DwarfReader, end: Int) throws(DwarfError) {
    var reader = start
    version = try reader.read(UInt16.self)
    guard (2...5).contains(version) else { throw DwarfError() }
    if version == 5 { try reader.skip(2) }
    let headerSize = try reader.offset()
    guard headerSize <= UInt64(max(0, end - reader.position)) else { throw DwarfError() }
    self.start = reader.position + Int(headerSize)
    self.end = end
    minimumLength = UInt64(try reader.read(UInt8.self))
    if version >= 4 { try reader.skip(1) }
    try reader.skip(1)
    lineBase = Int64(try reader.read(Int8.self))
    lineRange = try reader.read(UInt8.self)
    opcodeBase = try reader.read(UInt8.self)
    guard lineRange > 0, opcodeBase > 0 else { throw DwarfError() }
    var counts: [UInt8] = [0]
    for _ in 1..<max(1, opcodeBase) { counts.append(try reader.read(UInt8.self)) }
    operandCounts = counts
    tables = reader
  }
}

// MARK: - The program

extension LineProgram {
  /// Runs the program and calls `body` with the rows of each sequence: a run of code in order of
  /// addresses, closed by a row that only marks its end. Stops quietly where it makes no sense.
  func forEachSequence(_ body: ([Row]) -> Void) {
    var reader = tables
    reader.position = start
    try? run(&reader, body)
  }

  private func run(_ reader: inout DwarfReader, _ body: ([Row]) -> Void) throws(DwarfError) {
    let initial = Row(address: 0, file: 1, line: 1, column: 0)
    // Special opcodes advance by a table known beforehand.
    let constantAdvance = UInt64((255 - opcodeBase) / lineRange) &* minimumLength
    var rows: [Row] = []
    var row = initial
    while reader.position < end {
      let opcode = try reader.read(UInt8.self)
      if opcode >= opcodeBase {
        let adjusted = opcode - opcodeBase
        row.address &+= UInt64(adjusted / lineRange) &* minimumLength
        row.line = advance(row.line, by: lineBase + Int64(adjusted % lineRange))
        rows.append(row)
        continue
      }
      switch opcode {
      case 0:
        let size = try reader.unsigned()
        guard size > 0, size <= UInt64(end - min(end, reader.position)) else { throw DwarfError() }
        let next = reader.position + Int(size)
        switch try reader.read(UInt8.self) {
        case 1:
          rows.append(row)
          body(rows)
          rows.removeAll(keepingCapacity: true)
          row = initial
        case 2:
          row.address =
            size == 5 ? UInt64(try reader.read(UInt32.self)) : try reader.read(UInt64.self)
        default: break
        }
        reader.position = next
      case 1: rows.append(row)
      case 2: row.address &+= try reader.unsigned() &* minimumLength
      case 3: row.line = advance(row.line, by: try reader.signed())
      case 4: row.file = try reader.unsigned()
      case 5: row.column = UInt32(clamping: try reader.unsigned())
      case 8: row.address &+= constantAdvance
      case 9: row.address &+= UInt64(try reader.read(UInt16.self))
      default:
        for _ in 0..<operandCounts[Int(opcode)] { _ = try reader.unsigned() }
      }
    }
  }

  private func advance(_ line: UInt32, by delta: Int64) -> UInt32 {
    UInt32(clamping: Int64(line) &+ delta)
  }
}

// MARK: - Files

extension LineProgram {
  /// The paths of the files that rows refer to by number, as absolute as the table can say.
  ///
  /// - Parameter directory: Where the unit was compiled, for tables that do not say.
  func files(sections: DwarfSections, directory: String?) -> [UInt64: String] {
    var reader = tables
    let names =
      try? version == 5
      ? listedFiles(&reader, sections: sections) : classicFiles(&reader, directory: directory)
    return names ?? [:]
  }

  /// Versions 2 to 4: directories from 1, files from 1, each list closed by an empty name.
  private func classicFiles(
    _ reader: inout DwarfReader, directory: String?
  ) throws(DwarfError) -> [UInt64: String] {
    var directories = [directory ?? ""]
    while true {
      let name = try reader.string()
      if name.isEmpty { break }
      directories.append(join(directories[0], name))
    }
    var files: [UInt64: String] = [:]
    while true {
      let name = try reader.string()
      if name.isEmpty { return files }
      let index = try reader.unsigned()
      _ = try reader.unsigned()
      _ = try reader.unsigned()
      let parent = Int(exactly: index).flatMap {
        directories.indices.contains($0) ? directories[$0] : nil
      }
      files[UInt64(files.count + 1)] = join(parent ?? "", name)
    }
  }

  /// Version 5: lists that describe their own columns; directory 0 is where it was compiled.
  private func listedFiles(
    _ reader: inout DwarfReader, sections: DwarfSections
  ) throws(DwarfError) -> [UInt64: String] {
    let directories = try list(&reader, sections: sections).map { $0.name }
    var files: [UInt64: String] = [:]
    for (number, entry) in try list(&reader, sections: sections).enumerated() {
      let parent = Int(exactly: entry.directory).flatMap {
        directories.indices.contains($0) ? directories[$0] : nil
      }
      files[UInt64(number)] = join(join(directories.first ?? "", parent ?? ""), entry.name)
    }
    return files
  }

  private func list(
    _ reader: inout DwarfReader, sections: DwarfSections
  ) throws(DwarfError) -> [(name: String, directory: UInt64)] {
    var columns: [(content: UInt64, form: UInt64)] = []
    for _ in 0..<(try reader.read(UInt8.self)) {
      columns.append((try reader.unsigned(), try reader.unsigned()))
    }
    var entries: [(name: String, directory: UInt64)] = []
    for _ in 0..<(try reader.unsigned()) {
      // Entries without bytes would let a damaged count run for ever.
      let before = reader.position
      var entry = (name: "", directory: 0 as UInt64)
      for column in columns {
        let value = try DwarfValue(form: column.form, from: &reader, sections: sections)
        switch column.content {
        case 1: entry.name = value.text ?? ""
        case 2: entry.directory = value.number ?? 0
        default: break
        }
      }
      guard reader.position > before else { throw DwarfError() }
      entries.append(entry)
    }
    return entries
  }

  private func join(_ directory: String, _ name: String) -> String {
    if directory.isEmpty || name.hasPrefix("/") { return name }
    if name.isEmpty { return directory }
    return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }
}
