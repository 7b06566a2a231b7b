/// A function of an image: where its code is, and what it is called.
package struct ElfFunction: Hashable, Sendable {
  package var range: Range<UInt64>
  /// Mangled; `nil` when the symbol table is gone.
  package var symbol: String?
}

extension ElfImage {
  /// Where those functions begin that other images can call by name.
  package var exportedFunctions: Set<UInt64> {
    Set(symbols.exported.lazy.filter { $0.kind == .function }.map(\.value))
  }

  /// Whether names of functions that are not exported are there: `strip` removes them.
  package var hasSymbolTable: Bool {
    sections.contains { $0.kind == .symbols }
  }

  /// The functions in the order of their addresses, one for each address: by the symbols, or, where
  /// those were stripped, by the call frame information. O(n log n).
  package var functions: [ElfFunction] {
    var functions: [UInt64: ElfFunction] = [:]
    func add(_ start: UInt64, _ size: UInt64, _ symbol: String?) {
      let end = start.addingSaturating(size)
      guard size > 0, isExecutable(start), isExecutable(end - 1) else { return }
      functions[start] = ElfFunction(range: start..<end, symbol: symbol)
    }
    if !hasSymbolTable {
      for entry in CallFrameTable(self)?.entries ?? [] {
        add(entry.range.lowerBound, entry.range.upperBound - entry.range.lowerBound, nil)
      }
    }
    for symbol in symbols where symbol.kind == .function && symbol.isDefined {
      // Several names for one function: a Swift one says most.
      if functions[symbol.value]?.symbol?.hasPrefix("$s") != true {
        add(symbol.value, symbol.size, symbol.name)
      }
    }
    var sorted = functions.values.sorted { $0.range.lowerBound < $1.range.lowerBound }
    // Functions do not overlap; in a damaged file each could claim all code there is.
    for (index, next) in sorted.enumerated().dropFirst()
    where sorted[index - 1].range.upperBound > next.range.lowerBound {
      let start = sorted[index - 1].range.lowerBound
      sorted[index - 1].range = start..<next.range.lowerBound
    }
    return sorted
  }
}
