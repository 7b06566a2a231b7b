/// Reads the entries of a unit of `.debug_info` in the order in which they are written: parents
/// before their children.
struct DwarfEntries {
  let unit: DwarfUnit
  private let sections: DwarfSections
  private let abbreviations: [UInt64: DwarfAbbreviation]
  private var reader: DwarfReader
  /// Of the entry to come; the unit itself is at 0.
  private(set) var depth = 0

  init(
    _ unit: DwarfUnit, sections: DwarfSections, abbreviations: [UInt64: DwarfAbbreviation]
  ) {
    self.unit = unit
    self.sections = sections
    self.abbreviations = abbreviations
    reader = unit.entries
  }

  /// Where the next entry starts, from the start of the unit.
  var position: Int { reader.position - unit.start }

  /// The next entry, or `nil` at the end of a list of children or of the unit.
  ///
  /// - Parameter wanted: Whether an attribute's value is of use, by tag and attribute; the others
  ///   are passed over.
  mutating func next(
    wanted: (_ tag: UInt64, _ attribute: UInt64) -> Bool
  ) throws(DwarfError) -> DwarfEntry? {
    let code = try reader.unsigned()
    guard code != 0 else {
      depth -= 1
      return nil
    }
    guard let abbreviation = abbreviations[code] else { throw DwarfError() }
    var entry = DwarfEntry(tag: abbreviation.tag, depth: depth)
    for attribute in abbreviation.attributes {
      let value = try DwarfValue(
        form: attribute.form, from: &reader, sections: sections,
        addressSize: unit.addressSize, constant: attribute.constant,
        isWanted: wanted(abbreviation.tag, attribute.name))
      if value.isUsed { entry.values.append((attribute.name, value)) }
    }
    if abbreviation.hasChildren { depth += 1 }
    return entry
  }

  /// Whether another entry may follow.
  var isAtEnd: Bool { reader.position >= unit.end || depth < 0 }

  /// Moves to the entry at `position`, from the start of the unit.
  mutating func move(to position: Int) {
    reader.position = unit.start + position
    depth = 0
  }
}

/// What an entry says, as far as somebody wanted to know.
struct DwarfEntry {
  var tag: UInt64
  var depth: Int
  var values: [(attribute: UInt64, value: DwarfValue)] = []

  subscript(attribute: UInt64) -> DwarfValue? {
    values.first { $0.attribute == attribute }?.value
  }
}
