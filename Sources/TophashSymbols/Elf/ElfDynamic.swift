/// The dynamic section: what the dynamic linker is told.
struct ElfDynamic: Sendable {
  enum Tag: UInt64 {
    case needed = 1
    case pltRelocationSize = 2
    case strings = 5
    case symbols = 6
    case relocations = 7
    case relocationSize = 8
    case stringsSize = 10
    case soname = 14
    case rpath = 15
    case pltRelocations = 23
    case runpath = 29
    case relativeSize = 35
    case relative = 36
  }

  private var entries: [(tag: UInt64, value: UInt64)] = []
  /// The string table that names in entries and in dynamic symbols point into.
  private(set) var stringTable: Bytes?
  /// The dynamic symbols, and whatever follows them: the table does not know its own end.
  private(set) var symbolTable: Bytes?

  init(_ image: ElfImage) {
    guard let segment = image.segments.first(where: { $0.kind == .dynamic }),
      let table = image.bytes.slice(at: segment.offset, count: segment.fileSize)
    else { return }
    for position in stride(from: 0, to: table.count - 15, by: 16) {
      let tag = table.u64(position)
      if tag == 0 { break }
      entries.append((tag, table.u64(position + 8)))
    }
    stringTable = bytes(at: .strings, size: .stringsSize, in: image)
    symbolTable = value(.symbols).flatMap { image.fileOffset(of: $0) }.flatMap { offset in
      UInt64(image.bytes.count) < offset
        ? nil : image.bytes.slice(at: offset, count: UInt64(image.bytes.count) - offset)
    }
  }

  /// The first value of `tag`.
  func value(_ tag: Tag) -> UInt64? {
    entries.first { $0.tag == tag.rawValue }?.value
  }

  /// All values of `tag`, as strings.
  func strings(_ tag: Tag) -> [String] {
    entries.lazy.filter { $0.tag == tag.rawValue }
      .compactMap { Int(exactly: $0.value) }
      .compactMap { stringTable?.string(at: $0) }
  }

  /// The table whose address and size two entries give.
  func bytes(at address: Tag, size: Tag, in image: ElfImage) -> Bytes? {
    guard let address = value(address), let size = value(size),
      let offset = image.fileOffset(of: address)
    else { return nil }
    return image.bytes.slice(at: offset, count: size)
  }

  /// Name of a dynamic symbol, for relocations.
  func symbolName(_ index: UInt32) -> String? {
    symbolTable?.load(UInt32.self, at: Int(index) * 24)
      .flatMap { stringTable?.string(at: Int($0)) }
  }
}
