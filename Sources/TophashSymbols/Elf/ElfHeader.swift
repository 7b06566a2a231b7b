/// A part of the file that the loader maps or reads (a program header).
package struct ElfSegment: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case load, dynamic, interpreter, note, threadLocal
    case other(UInt32)

    init(_ type: UInt32) {
      switch type {
      case 1: self = .load
      case 2: self = .dynamic
      case 3: self = .interpreter
      case 4: self = .note
      case 7: self = .threadLocal
      default: self = .other(type)
      }
    }
  }

  package var kind: Kind
  package var isExecutable: Bool
  package var isWritable: Bool
  /// In the file.
  package var offset: UInt64
  package var fileSize: UInt64
  /// In memory, before the load bias is added.
  package var address: UInt64
  package var memorySize: UInt64

  /// Whether `vaddr` lies in its memory.
  package func contains(_ vaddr: UInt64) -> Bool {
    vaddr >= address && vaddr - address < memorySize
  }
}

/// A named part of the file (a section header).
package struct ElfSection: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case symbols, strings, dynamicSymbols, note, noContents
    case other(UInt32)

    init(_ type: UInt32) {
      switch type {
      case 2: self = .symbols
      case 3: self = .strings
      case 7: self = .note
      case 8: self = .noContents
      case 11: self = .dynamicSymbols
      default: self = .other(type)
      }
    }
  }

  package var name: String
  package var kind: Kind
  /// Whether its content is compressed (`SHF_COMPRESSED`), as `.debug_*` sections may be.
  package var isCompressed: Bool
  /// Whether it takes memory in the process.
  package var isLoaded: Bool
  /// In memory; 0 when not loaded.
  package var address: UInt64
  /// In the file.
  package var offset: UInt64
  package var size: UInt64
  /// The index of a related section: of a symbol table, its strings.
  package var link: Int

  /// Whether the file holds its bytes.
  package var hasContents: Bool { kind != .noContents }
}

/// The fixed fields at the start of the file, and how to find the two header tables from them.
struct ElfHeader {
  var machine: ElfImage.Machine
  var kind: ElfImage.Kind
  private var segmentTable: Table
  private var sectionTable: Table
  private var nameSection: Int

  private struct Table {
    var offset: UInt64
    var entrySize: UInt64
    var count: UInt64

    /// The entries' bytes; empty when there is no table.
    func entries(in bytes: Bytes, minimum: UInt64, what: String) throws(ElfError.Reason) -> [Bytes]
    {
      guard count > 0, offset > 0 else { return [] }
      guard entrySize >= minimum else { throw .corrupt("\(what) are \(entrySize) bytes each") }
      let (size, overflow) = entrySize.multipliedReportingOverflow(by: count)
      guard !overflow, let table = bytes.slice(at: offset, count: size) else {
        throw .truncated("the table of \(what)")
      }
      return (0..<count).compactMap { table.slice(at: $0 * entrySize, count: entrySize) }
    }
  }

  init(_ bytes: Bytes) throws(ElfError.Reason) {
    guard bytes.load(UInt32.self, at: 0) == 0x464c_457f else { throw .notElf }
    switch bytes.load(UInt8.self, at: 4) {
    case 2: break
    case 1: throw .unsupported("a 32-bit file")
    case nil: throw .truncated("the header")
    default: throw .corrupt("its word size is unknown")
    }
    switch bytes.load(UInt8.self, at: 5) {
    case 1: break
    case 2: throw .unsupported("a big-endian file")
    case nil: throw .truncated("the header")
    default: throw .corrupt("its byte order is unknown")
    }
    guard let header = bytes.slice(at: 0, count: 64) else { throw .truncated("the header") }

    switch header.u16(16) {
    case 2: kind = .executable
    case 3: kind = .dynamic
    case 1: throw .unsupported("an object file")
    case 4: throw .unsupported("a core dump")
    default: throw .corrupt("its type is unknown")
    }
    machine =
      switch header.u16(18) {
      case 62: .x86_64
      case 183: .arm64
      case let other: .other(other)
      }
    segmentTable = Table(
      offset: header.u64(32), entrySize: UInt64(header.u16(54)), count: UInt64(header.u16(56)))
    sectionTable = Table(
      offset: header.u64(40), entrySize: UInt64(header.u16(58)), count: UInt64(header.u16(60)))
    nameSection = Int(header.u16(62))

    // Counts that do not fit 16 bits are kept in the first section header.
    if sectionTable.offset > 0, let place = Int(exactly: sectionTable.offset),
      place <= bytes.count - 64
    {
      if sectionTable.count == 0 { sectionTable.count = bytes.load(at: place + 32) ?? 0 }
      if nameSection == 0xffff { nameSection = Int(bytes.load(UInt32.self, at: place + 40) ?? 0) }
      if segmentTable.count == 0xffff {
        segmentTable.count = UInt64(bytes.load(UInt32.self, at: place + 44) ?? 0)
      }
    }
  }

  func segments(in bytes: Bytes) throws(ElfError.Reason) -> [ElfSegment] {
    try segmentTable.entries(in: bytes, minimum: 56, what: "program headers").map { entry in
      ElfSegment(
        kind: ElfSegment.Kind(entry.u32(0)),
        isExecutable: entry.u32(4) & 1 != 0,
        isWritable: entry.u32(4) & 2 != 0,
        offset: entry.u64(8),
        fileSize: entry.u64(32),
        address: entry.u64(16),
        memorySize: entry.u64(40))
    }
  }

  func sections(in bytes: Bytes) throws(ElfError.Reason) -> [ElfSection] {
    let entries = try sectionTable.entries(in: bytes, minimum: 64, what: "section headers")
    let names =
      entries.indices.contains(nameSection)
      ? bytes.slice(at: entries[nameSection].u64(24), count: entries[nameSection].u64(32)) : nil
    return entries.map { entry in
      ElfSection(
        name: names?.string(at: Int(entry.u32(0))) ?? "",
        kind: ElfSection.Kind(entry.u32(4)),
        isCompressed: entry.u64(8) & 0x800 != 0,
        isLoaded: entry.u64(8) & 2 != 0,
        address: entry.u64(16),
        offset: entry.u64(24),
        size: entry.u64(32),
        link: Int(entry.u32(40)))
    }
  }
}

/// The build id among the notes of a segment or section, in hexadecimal digits.
func gnuBuildID(inNotes notes: Bytes) -> String? {
  var position = 0
  while let nameSize = notes.load(UInt32.self, at: position),
    let size = notes.load(UInt32.self, at: position + 4),
    let type = notes.load(UInt32.self, at: position + 8)
  {
    let name = position + 12
    let content = name + (Int(nameSize) + 3) & ~3
    if type == 3, notes.hasString(Array("GNU".utf8), at: name),
      let id = notes.slice(at: UInt64(content), count: UInt64(size))
    {
      return id.array.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
    }
    position = content + (Int(size) + 3) & ~3
  }
  return nil
}

extension Bytes {
  /// Fields of a structure whose whole size was checked before; 0 outside.
  func u16(_ offset: Int) -> UInt16 { load(at: offset) ?? 0 }
  func u32(_ offset: Int) -> UInt32 { load(at: offset) ?? 0 }
  func u64(_ offset: Int) -> UInt64 { load(at: offset) ?? 0 }
}
