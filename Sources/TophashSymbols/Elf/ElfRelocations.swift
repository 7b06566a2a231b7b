/// A word that the dynamic linker writes when it loads the image.
package struct ElfRelocation: Hashable, Sendable {
  /// The symbol whose address is written; `nil` when it is the image's own address plus `addend`.
  package var symbol: String?
  /// Added to the symbol's address, or to the load bias.
  package var addend: Int64
  /// The machine's number for the kind of relocation; 0 for a packed relative one.
  package var type: UInt32
}

/// All relocations of an image, by the address they write to.
package struct ElfRelocations: Sendable {
  private struct Entry {
    var symbol: UInt32
    var type: UInt32
    var addend: Int64
  }

  private var entries: [UInt64: Entry] = [:]
  private let dynamic: ElfDynamic

  init(_ image: ElfImage) {
    dynamic = image.dynamic
    if let table = dynamic.bytes(at: .relocations, size: .relocationSize, in: image) {
      add(table)
    }
    if let table = dynamic.bytes(at: .pltRelocations, size: .pltRelocationSize, in: image) {
      add(table)
    }
    if let table = dynamic.bytes(at: .relative, size: .relativeSize, in: image) {
      addPacked(table, in: image)
    }
  }

  /// The number of words that are written.
  package var count: Int { entries.count }

  /// The addresses that are written, in no order.
  package var addresses: some Collection<UInt64> { entries.keys }

  /// What is written at `vaddr`; `nil` when nothing is.
  package subscript(vaddr: UInt64) -> ElfRelocation? {
    entries[vaddr].map { entry in
      ElfRelocation(
        symbol: entry.symbol == 0 ? nil : dynamic.symbolName(entry.symbol),
        addend: entry.addend, type: entry.type)
    }
  }

  /// Rows of address, symbol and type, addend.
  private mutating func add(_ table: Bytes) {
    entries.reserveCapacity(entries.count + table.count / 24)
    for position in stride(from: 0, to: table.count - 23, by: 24) {
      let info = table.u64(position + 8)
      entries[table.u64(position)] = Entry(
        symbol: UInt32(info >> 32), type: UInt32(truncatingIfNeeded: info),
        addend: Int64(bitPattern: table.u64(position + 16)))
    }
  }

  /// Relative relocations in the compact form: an even word is an address, an odd word a bitmap
  /// of the 63 words that follow. The addend is the word in place.
  private mutating func addPacked(_ table: Bytes, in image: ElfImage) {
    func add(_ vaddr: UInt64) {
      guard let addend = image.load(Int64.self, at: vaddr) else { return }
      entries[vaddr] = Entry(symbol: 0, type: 0, addend: addend)
    }
    var next: UInt64 = 0
    for position in stride(from: 0, to: table.count - 7, by: 8) {
      let word = table.u64(position)
      if word & 1 == 0 {
        add(word)
        next = word &+ 8
      } else {
        var bits = word >> 1
        while bits != 0 {
          add(next &+ UInt64(bits.trailingZeroBitCount) &* 8)
          bits &= bits - 1
        }
        next = next &+ 63 * 8
      }
    }
  }
}
