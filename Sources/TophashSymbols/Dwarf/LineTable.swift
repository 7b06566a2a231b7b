/// The lines of those parts of an image that somebody asked about.
struct LineTable {
  /// A stretch of code that belongs to one line.
  struct Span {
    var range: Range<UInt64>
    /// `nil` for code that the compiler made up.
    var file: String?
    /// 0 where the compiler knew no line.
    var line: Int
    var column: Int

    var location: SourceLocation? {
      file.flatMap { line > 0 ? SourceLocation(file: $0, line: line, column: column) : nil }
    }
  }

  /// In order of addresses.
  private(set) var spans: [Span] = []

  /// Reads the lines of all code in `ranges`.
  ///
  /// - Complexity: One pass over `.debug_line`, whatever the ranges are.
  init(of image: ElfImage, in ranges: [Range<UInt64>]) {
    self.init(DwarfSections(image), in: ranges)
  }

  /// Reads `sections` alone, which may come from anywhere.
  init(_ sections: DwarfSections, in ranges: [Range<UInt64>]) {
    guard let line = sections.line, !ranges.isEmpty else { return }
    let wanted = Self.united(ranges)
    lazy var directories = CompileDirectories(sections)
    var reader = DwarfReader(line)
    var start = 0
    // A unit that cannot be read is passed over; without a length there is no way on.
    while let end = try? reader.unitEnd() {
      defer { (start, reader.position) = (end, end) }
      guard let program = try? LineProgram(reader, end: end) else { continue }
      var files: [UInt64: String]?
      program.forEachSequence { rows in
        // Code that the linker dropped is left at address 0.
        guard let first = rows.first, let last = rows.last, first.address > 0,
          wanted.contains(where: { $0.lowerBound < last.address && first.address < $0.upperBound })
        else { return }
        let names =
          files
          ?? program.files(
            sections: sections,
            directory: directories[start])
        files = names
        append(rows, files: names, in: wanted)
      }
    }
    spans.sort { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The span that holds `vaddr`.
  func span(at vaddr: UInt64) -> Span? {
    let index = firstIndex(above: vaddr)
    return index > 0 && spans[index - 1].range.contains(vaddr) ? spans[index - 1] : nil
  }

  /// The spans next to `vaddr` within `function`: those before it from the nearest on, then those
  /// after it, up to `limit` of each.
  func neighbours(of vaddr: UInt64, in function: Range<UInt64>, limit: Int) -> [Span] {
    let index = firstIndex(above: vaddr)
    let before = spans[..<index].reversed().prefix { $0.range.upperBound > function.lowerBound }
      .drop { $0.range.contains(vaddr) }
    let after = spans[index...].prefix { $0.range.lowerBound < function.upperBound }
    return Array(before.prefix(limit)) + Array(after.prefix(limit))
  }

  private func firstIndex(above vaddr: UInt64) -> Int {
    var low = 0
    var high = spans.count
    while low < high {
      let middle = (low + high) / 2
      if spans[middle].range.lowerBound <= vaddr { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func append(
    _ rows: [LineProgram.Row], files: [UInt64: String], in wanted: [Range<UInt64>]
  ) {
    for (row, next) in zip(rows, rows.dropFirst()) where row.address < next.address {
      let range = row.address..<next.address
      for part in wanted where part.overlaps(range) {
        spans.append(
          Span(
            range: range.clamped(to: part), file: files[row.file].flatMap(Self.sourceFile),
            line: Int(row.line), column: Int(row.column)))
      }
    }
  }

  /// Sorted, without overlaps.
  private static func united(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var united: [Range<UInt64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = united.last, range.lowerBound <= last.upperBound {
        united[united.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        united.append(range)
      }
    }
    return united
  }

  /// The path, unless it stands for code that is in no file: `<compiler-generated>`, `<stdin>`.
  static func sourceFile(_ path: String) -> String? {
    let name = path.split(separator: "/").last ?? ""
    return name.isEmpty || name.hasPrefix("<") ? nil : path
  }
}
