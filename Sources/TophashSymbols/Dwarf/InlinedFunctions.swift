/// Which functions the compiler put into others, at which addresses, and where it was told to.
///
/// Only those parts of an image are read that somebody asked about.
struct InlinedFunctions {
  /// A function at some addresses, and the call that it stands for.
  struct Instance {
    var ranges: [Range<UInt64>]
    /// The linkage name, else the name; empty when there is none.
    var symbol: String
    /// `nil` for a call that the compiler made up.
    var call: SourceLocation?

    func contains(_ vaddr: UInt64) -> Bool { ranges.contains { $0.contains(vaddr) } }
  }

  /// Callers before what was inlined into them.
  private(set) var instances: [Instance] = []

  /// Reads the functions that have code in `ranges`.
  ///
  /// - Complexity: One pass over the units in `.debug_info` that have code there.
  init(of image: ElfImage, in ranges: [Range<UInt64>]) {
    self.init(DwarfSections(image), in: ranges)
  }

  /// Reads `sections` alone, which may come from anywhere.
  init(_ sections: DwarfSections, in ranges: [Range<UInt64>]) {
    guard var reader = InlinedFunctionReader(sections), !ranges.isEmpty else { return }
    instances = reader.instances(in: ranges)
  }

  /// The functions inlined at `vaddr` with the one that holds them all, innermost first; empty
  /// where nothing is known.
  func chain(at vaddr: UInt64) -> [Instance] {
    instances.filter { $0.contains(vaddr) }.reversed()
  }
}

/// Reads `.debug_info` for `InlinedFunctions`.
private struct InlinedFunctionReader {
  private let sections: DwarfSections
  private let abbreviations: Bytes
  private let units: [DwarfUnit]
  private var tables: [Int: [UInt64: DwarfAbbreviation]] = [:]

  init?(_ sections: DwarfSections) {
    guard let abbreviations = sections.abbreviations else { return nil }
    self.sections = sections
    self.abbreviations = abbreviations
    units = DwarfUnit.all(in: sections)
  }

  mutating func instances(in wanted: [Range<UInt64>]) -> [InlinedFunctions.Instance] {
    var instances: [InlinedFunctions.Instance] = []
    for unit in units {
      // What was read of a unit before it stopped making sense is as good as any.
      try? append(unit, in: wanted, to: &instances)
    }
    return instances
  }

  private mutating func entries(of unit: DwarfUnit) -> DwarfEntries {
    let table =
      tables[unit.abbreviations]
      ?? DwarfAbbreviation.table(at: unit.abbreviations, in: abbreviations)
    tables[unit.abbreviations] = table
    return DwarfEntries(unit, sections: sections, abbreviations: table)
  }

  private mutating func append(
    _ unit: DwarfUnit, in wanted: [Range<UInt64>],
    to instances: inout [InlinedFunctions.Instance]
  ) throws(DwarfError) {
    var entries = entries(of: unit)
    guard let root = try entries.next(wanted: { _, _ in true }) else { return }
    let tables = UnitTables(unit, root: root, sections: sections)
    let extent = try tables.ranges(of: root)
    guard extent.isEmpty || extent.overlaps(wanted) else { return }
    lazy var files = tables.files(sections: sections)

    /// The functions that the next entry lies in, by how deep they are written.
    var open: [(depth: Int, isWanted: Bool)] = []
    while !entries.isAtEnd {
      let isInWanted = open.last?.isWanted ?? true
      guard
        let entry = try entries.next(wanted: { tag, attribute in
          (tag == Self.functionTag || tag == Self.inlinedTag && isInWanted)
            && Self.functionAttributes.contains(attribute)
        })
      else { continue }
      while let last = open.last, last.depth >= entry.depth { open.removeLast() }
      guard Self.isFunction(entry.tag) else { continue }
      let ranges = try tables.ranges(of: entry)
      let isWanted = ranges.overlaps(wanted)
      if isWanted {
        instances.append(
          InlinedFunctions.Instance(
            ranges: ranges, symbol: symbol(of: entry, in: unit, tables),
            call: entry.tag == Self.inlinedTag ? tables.call(entry, files: files) : nil))
      }
      open.append((entry.depth, isWanted))
    }
  }

  private static let functionTag: UInt64 = 0x2e
  private static let inlinedTag: UInt64 = 0x1d

  private static func isFunction(_ tag: UInt64) -> Bool {
    tag == functionTag || tag == inlinedTag
  }

  private static let functionAttributes: Set<UInt64> = [
    DwarfAttribute.name, DwarfAttribute.linkageName, DwarfAttribute.origin,
    DwarfAttribute.specification, DwarfAttribute.lowAddress, DwarfAttribute.highAddress,
    DwarfAttribute.ranges, DwarfAttribute.callFile, DwarfAttribute.callLine,
    DwarfAttribute.callColumn,
  ]

  /// Origins of origins go no further than this.
  private static let originLimit = 8

  /// The name of a function, which is often written once, at another entry.
  private mutating func symbol(
    of entry: DwarfEntry, in unit: DwarfUnit, _ tables: UnitTables
  ) -> String {
    var (entry, unit, tables) = (entry, unit, tables)
    var name: String?
    for _ in 0..<Self.originLimit {
      if let linkage = tables.text(entry[DwarfAttribute.linkageName]) { return linkage }
      name = name ?? tables.text(entry[DwarfAttribute.name])
      let origin = entry[DwarfAttribute.origin] ?? entry[DwarfAttribute.specification]
      guard let next = origin.flatMap({ self.entry($0, from: unit, tables) }) else { break }
      (entry, unit, tables) = next
    }
    return name ?? ""
  }

  /// The entry that `reference` leads to.
  private mutating func entry(
    _ reference: DwarfValue, from unit: DwarfUnit, _ tables: UnitTables
  ) -> (DwarfEntry, DwarfUnit, UnitTables)? {
    var (target, tables) = (unit, tables)
    let offset: UInt64
    switch reference {
    case .entry(let position): offset = position
    case .entryInSection(let position):
      guard let other = self.unit(at: position) else { return nil }
      offset = position - UInt64(other.start)
      if other.start != unit.start {
        var entries = entries(of: other)
        guard let root = try? entries.next(wanted: { _, _ in true }) else { return nil }
        (target, tables) = (other, UnitTables(other, root: root, sections: sections))
      }
    default: return nil
    }
    guard offset < UInt64(target.end - target.start) else { return nil }
    var entries = entries(of: target)
    entries.move(to: Int(offset))
    let entry = try? entries.next(wanted: { _, attribute in
      Self.functionAttributes.contains(attribute)
    })
    return entry.map { ($0, target, tables) }
  }

  /// The unit that holds the offset.
  private func unit(at offset: UInt64) -> DwarfUnit? {
    var low = 0
    var high = units.count
    while low < high {
      let middle = (low + high) / 2
      if UInt64(units[middle].start) <= offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0, offset < UInt64(units[low - 1].end) else { return nil }
    return units[low - 1]
  }
}

/// What the entries of one unit refer to by number.
private struct UnitTables {
  private let unit: DwarfUnit
  private let root: DwarfEntry
  private let sections: DwarfSections
  /// Ranges are written relative to it.
  private var base: UInt64 = 0

  init(_ unit: DwarfUnit, root: DwarfEntry, sections: DwarfSections) {
    self.unit = unit
    self.root = root
    self.sections = sections
    base = address(root[DwarfAttribute.lowAddress]) ?? 0
  }

  /// The addresses that belong to an entry. Code that the linker dropped is left at address 0.
  func ranges(of entry: DwarfEntry) throws(DwarfError) -> [Range<UInt64>] {
    if let ranges = entry[DwarfAttribute.ranges] {
      return try unit.version == 5 ? listedRanges(ranges) : classicRanges(ranges)
    }
    guard let low = address(entry[DwarfAttribute.lowAddress]), low > 0,
      let end = entry[DwarfAttribute.highAddress],
      let high = end.number.map({ low.addingSaturating($0) }) ?? address(end), low < high
    else { return [] }
    return [low..<high]
  }

  func text(_ value: DwarfValue?) -> String? {
    switch value {
    case .text(let text): return text.isEmpty ? nil : text
    case .index(let index):
      var reader = entry(index, of: sections.stringOffsets, base: DwarfAttribute.stringOffsetsBase)
      let offset = try? reader?.offset()
      return offset.flatMap { Int(exactly: $0) }.flatMap { sections.strings?.string(at: $0) }
    default: return nil
    }
  }

  /// Where an inlined function was called.
  func call(_ entry: DwarfEntry, files: [UInt64: String]) -> SourceLocation? {
    guard let line = entry[DwarfAttribute.callLine]?.number.flatMap(Int.init(exactly:)), line > 0,
      let file = entry[DwarfAttribute.callFile]?.number.flatMap({ files[$0] })
        .flatMap(LineTable.sourceFile)
    else { return nil }
    let column = entry[DwarfAttribute.callColumn]?.number.flatMap(Int.init(exactly:)) ?? 0
    return SourceLocation(file: file, line: line, column: column)
  }

  /// The files that calls name by number: those of the unit's line table.
  func files(sections: DwarfSections) -> [UInt64: String] {
    guard let lines = sections.line,
      let start = root[DwarfAttribute.lines]?.number.flatMap(Int.init(exactly:))
    else { return [:] }
    var reader = DwarfReader(lines, at: start)
    guard let end = try? reader.unitEnd(), let program = try? LineProgram(reader, end: end)
    else { return [:] }
    return program.files(
      sections: sections, directory: root[DwarfAttribute.directory].flatMap { text($0) })
  }

  private func address(_ value: DwarfValue?) -> UInt64? {
    switch value {
    case .address(let address): return address
    case .index(let index):
      var reader = entry(
        index, of: sections.addresses, base: DwarfAttribute.addressBase, size: unit.addressSize)
      return try? reader?.number(ofSize: unit.addressSize)
    default: return nil
    }
  }

  /// A reader at entry `index` of a table that starts where the unit's attribute `base` says.
  ///
  /// - Parameter size: Of an entry; `nil` for that of offsets.
  private func entry(
    _ index: UInt64, of table: Bytes?, base: UInt64, size: UInt8? = nil
  ) -> DwarfReader? {
    guard let table, let start = root[base]?.number else { return nil }
    let size = size.map(UInt64.init) ?? UInt64(unit.entries.offsetSize)
    let (distance, overflow) = index.multipliedReportingOverflow(by: size)
    guard !overflow, let position = Int(exactly: start.addingSaturating(distance)) else {
      return nil
    }
    var reader = unit.entries.moved(to: table)
    reader.position = position
    return reader
  }
}

// MARK: - Lists of ranges

extension UnitTables {
  /// Versions 2 to 4: pairs of addresses, closed by a pair of zeros.
  private func classicRanges(_ value: DwarfValue) throws(DwarfError) -> [Range<UInt64>] {
    guard let table = sections.ranges, let start = value.number.flatMap(Int.init(exactly:))
    else { return [] }
    var reader = DwarfReader(table, at: start)
    var (ranges, base) = ([] as [Range<UInt64>], base)
    let selector = unit.addressSize == 8 ? UInt64.max : UInt64(UInt32.max)
    while true {
      let low = try reader.number(ofSize: unit.addressSize)
      let high = try reader.number(ofSize: unit.addressSize)
      if low == 0, high == 0 { return ranges }
      if low == selector {
        base = high
      } else {
        Self.add(base &+ low, base &+ high, to: &ranges)
      }
    }
  }

  /// Version 5: a list of entries that each say how they are written.
  private func listedRanges(_ value: DwarfValue) throws(DwarfError) -> [Range<UInt64>] {
    guard let table = sections.rangeLists else { return [] }
    var start = value.number
    if case .index(let index) = value, let listsBase = root[DwarfAttribute.rangeListsBase]?.number {
      var reader = entry(index, of: table, base: DwarfAttribute.rangeListsBase)
      start = try reader?.offset().addingSaturating(listsBase)
    }
    guard let start = start.flatMap(Int.init(exactly:)) else { return [] }
    var reader = DwarfReader(table, at: start)
    var (ranges, base) = ([] as [Range<UInt64>], base)
    while true {
      switch try reader.read(UInt8.self) {
      case 0: return ranges
      case 1: base = address(.index(try reader.unsigned())) ?? 0
      case 2:
        let low = address(.index(try reader.unsigned())) ?? 0
        Self.add(low, address(.index(try reader.unsigned())) ?? 0, to: &ranges)
      case 3:
        let low = address(.index(try reader.unsigned())) ?? 0
        Self.add(low, low &+ (try reader.unsigned()), to: &ranges)
      case 4:
        let low = base &+ (try reader.unsigned())
        Self.add(low, base &+ (try reader.unsigned()), to: &ranges)
      case 5: base = try reader.number(ofSize: unit.addressSize)
      case 6:
        let low = try reader.number(ofSize: unit.addressSize)
        Self.add(low, try reader.number(ofSize: unit.addressSize), to: &ranges)
      case 7:
        let low = try reader.number(ofSize: unit.addressSize)
        Self.add(low, low &+ (try reader.unsigned()), to: &ranges)
      default: throw DwarfError()
      }
    }
  }

  private static func add(_ low: UInt64, _ high: UInt64, to ranges: inout [Range<UInt64>]) {
    if low > 0, low < high { ranges.append(low..<high) }
  }
}

extension [Range<UInt64>] {
  fileprivate func overlaps(_ others: [Range<UInt64>]) -> Bool {
    contains { range in others.contains { $0.overlaps(range) } }
  }
}
