/// A name for a place in an image.
package struct ElfSymbol: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case function, object, threadLocal, other
  }

  /// As the linker knows it: mangled.
  package var name: String
  /// The address in the file; 0 when not defined here.
  package var value: UInt64
  /// In bytes; 0 when the assembler gave none.
  package var size: UInt64
  package var kind: Kind
  /// False for a name that another image must define.
  package var isDefined: Bool
}

/// The symbols of `.symtab` and `.dynsym`, sorted by address; names are decoded when asked for.
///
/// A symbol in both tables appears twice.
package struct ElfSymbols: RandomAccessCollection, Sendable {
  /// 24 bytes for each symbol: a large program has half a million.
  private struct Entry {
    var value: UInt64
    var size: UInt64
    var name: UInt32
    var kind: ElfSymbol.Kind
    var isDefined: Bool
    var isDynamic: Bool
    /// False for constants and for offsets in thread-local storage.
    var isAddress: Bool

    var end: UInt64 { value.addingSaturating(size) }
    var isPlace: Bool { isDefined && isAddress }

    /// Among symbols at one address the highest one wins.
    var rank: Int { (kind == .other ? 0 : 4) + (size == 0 ? 0 : 2) + (isDynamic ? 1 : 0) }
  }

  private var entries: [Entry] = []
  /// For each entry the highest end up to and with it: tells early that nothing holds an address.
  private var reaches: [UInt64] = []
  private var names: Bytes?
  private var dynamicNames: Bytes?

  init(_ image: ElfImage) {
    for section in image.sections {
      switch section.kind {
      case .symbols where names == nil:
        names = add(section, of: image, isDynamic: false)
      case .dynamicSymbols where dynamicNames == nil:
        dynamicNames = add(section, of: image, isDynamic: true)
      default: break
      }
    }
    entries.sort { ($0.value, $0.rank) < ($1.value, $1.rank) }
    var reach: UInt64 = 0
    reaches = entries.map { entry in
      if entry.isPlace { reach = Swift.max(reach, entry.end) }
      return reach
    }
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { entries.count }

  package subscript(index: Int) -> ElfSymbol {
    let entry = entries[index]
    let name = (entry.isDynamic ? dynamicNames : names)?.string(at: Int(entry.name)) ?? ""
    return ElfSymbol(
      name: name, value: entry.value, size: entry.size, kind: entry.kind,
      isDefined: entry.isDefined)
  }

  /// The symbols of that name. Compares bytes only: O(n), no allocation until one is found.
  package func named(_ name: String) -> some Sequence<ElfSymbol> {
    let text = Array(name.utf8)
    return indices.lazy.filter { index in
      let entry = entries[index]
      return (entry.isDynamic ? dynamicNames : names)?.hasString(text, at: Int(entry.name)) == true
    }.map { self[$0] }
  }

  /// The symbols that other images can refer to.
  package var exported: some Sequence<ElfSymbol> {
    indices.lazy.filter { entries[$0].isDynamic && entries[$0].isDefined }.map { self[$0] }
  }

  /// The symbol whose extent holds `vaddr`; of several, the innermost, and a function or object
  /// before other names. A function without a size reaches to the next symbol. O(log n).
  package func containing(_ vaddr: UInt64) -> ElfSymbol? {
    var index = firstIndex(above: vaddr)
    var nearest: UInt64?
    while index > 0, nearest == nil || reaches[index - 1] > vaddr {
      index -= 1
      let entry = entries[index]
      guard entry.isPlace else { continue }
      let isOpenEnded = entry.size == 0 && entry.kind == .function && nearest == nil
      if vaddr < entry.end || isOpenEnded { return self[index] }
      nearest = entry.value
    }
    return nil
  }

  /// The first symbol above `vaddr`, as an index.
  private func firstIndex(above vaddr: UInt64) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].value <= vaddr { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func add(_ section: ElfSection, of image: ElfImage, isDynamic: Bool) -> Bytes? {
    guard let table = image.contents(of: section), image.sections.indices.contains(section.link),
      let strings = image.contents(of: image.sections[section.link])
    else { return nil }
    entries.reserveCapacity(entries.count + table.count / 24)
    // The first one is a placeholder.
    for position in stride(from: 24, to: table.count - 23, by: 24) {
      let info = table.load(UInt8.self, at: position + 4) ?? 0
      let sectionIndex = table.u16(position + 6)
      let kind: ElfSymbol.Kind? =
        switch info & 15 {
        case 0: .other
        case 1: .object
        case 2, 10: .function
        case 6: .threadLocal
        default: nil  // sections and source files
        }
      guard let kind, table.u32(position) != 0 else { continue }
      let isAbsolute = sectionIndex == 0xfff1
      entries.append(
        Entry(
          value: table.u64(position + 8), size: table.u64(position + 16),
          name: table.u32(position), kind: kind, isDefined: sectionIndex != 0,
          isDynamic: isDynamic, isAddress: kind != .threadLocal && !isAbsolute))
    }
    return strings
  }
}
