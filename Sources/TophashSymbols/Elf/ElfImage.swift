/// A program or library file: 64-bit little-endian ELF, mapped and read on demand.
///
/// Opening reads the file header, the program headers and the section headers. Symbols,
/// relocations and the dynamic section are decoded when first asked for. Addresses are those in
/// the file ("vaddr"): in a process, subtract `LoadedImage.base` first.
///
/// A damaged file makes `init` throw or answers come out as `nil` or empty; it never traps.
package final class ElfImage: Sendable {
  package enum Machine: Hashable, Sendable {
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case x86_64
    case arm64
    case other(UInt16)
  }

  package enum Kind: Hashable, Sendable {
    /// Linked to fixed addresses (`ET_EXEC`).
    case executable
    /// Loaded anywhere (`ET_DYN`): a library or a position-independent executable.
    case dynamic
  }

  /// The path it was opened from.
  package let path: String
  package let machine: Machine
  package let kind: Kind
  package let segments: [ElfSegment]
  /// In the order of the file; empty when the file carries no section headers.
  package let sections: [ElfSection]

  /// The whole file.
  let bytes: Bytes
  private let loads: [ElfSegment]
  private let dynamicEntries = Lazy<ElfDynamic>()
  private let symbolTable = Lazy<ElfSymbols>()
  private let relocationTable = Lazy<ElfRelocations>()

  /// Opens the file at `path`.
  ///
  /// - Throws: `ElfError`.
  package convenience init(path: String) throws(ElfError) {
    let bytes: Bytes
    do {
      bytes = try Bytes(contentsOf: path)
    } catch {
      throw ElfError(path: path, reason: .unreadable)
    }
    try self.init(path: path, bytes: bytes)
  }

  /// Takes `bytes` as the file's content; `path` is only a name.
  ///
  /// - Throws: `ElfError`.
  package init(path: String, bytes: Bytes) throws(ElfError) {
    do {
      let header = try ElfHeader(bytes)
      machine = header.machine
      kind = header.kind
      segments = try header.segments(in: bytes)
      sections = try header.sections(in: bytes)
    } catch {
      throw ElfError(path: path, reason: error)
    }
    self.path = path
    self.bytes = bytes
    loads = segments.filter { $0.kind == .load }
  }
}

// MARK: - Segments and sections

extension ElfImage {
  /// The first section of that name.
  package func section(named name: String) -> ElfSection? {
    sections.first { $0.name == name }
  }

  /// The content of a section; `nil` when it has none in the file (`.bss`) or lies outside it.
  package func contents(of section: ElfSection) -> Bytes? {
    section.hasContents ? bytes.slice(at: section.offset, count: section.size) : nil
  }

  /// The content of the first section of that name, when there is one.
  package func contents(ofSection name: String) -> Bytes? {
    section(named: name).flatMap { contents(of: $0) }
  }

  /// Whether a section's name starts with `prefix`; `swift5_` tells Swift code with reflection.
  package func hasSection(withPrefix prefix: String) -> Bool {
    sections.contains { $0.name.hasPrefix(prefix) }
  }

  /// Whether the file holds code compiled by Swift.
  package var hasSwiftCode: Bool { hasSection(withPrefix: "swift5_") }

  /// Path of the dynamic linker that loads the program; `nil` for libraries and static programs.
  package var interpreter: String? {
    segments.first { $0.kind == .interpreter }
      .flatMap { bytes.slice(at: $0.offset, count: $0.fileSize)?.string(at: 0) }
  }

  /// Whether this is a program that the dynamic linker has no part in, so that nothing can be
  /// preloaded into it.
  package var isStaticallyLinked: Bool {
    !segments.contains { $0.kind == .interpreter } && libraryName == nil
      && neededLibraries.isEmpty
  }

  /// The GNU build id in lower-case hexadecimal digits.
  package var buildID: String? {
    for segment in segments where segment.kind == .note {
      if let notes = bytes.slice(at: segment.offset, count: segment.fileSize),
        let id = gnuBuildID(inNotes: notes)
      {
        return id
      }
    }
    for section in sections where section.kind == .note {
      if let notes = contents(of: section), let id = gnuBuildID(inNotes: notes) { return id }
    }
    return nil
  }
}

// MARK: - Memory as the file describes it

extension ElfImage {
  /// The lowest and one past the highest address that a loaded segment takes.
  package var addressRange: Range<UInt64>? {
    guard let low = loads.map(\.address).min(),
      let high = loads.map({ $0.address.addingSaturating($0.memorySize) }).max(), low <= high
    else { return nil }
    return low..<high
  }

  /// The offset in the file of the byte loaded at `vaddr`; `nil` where the file holds none.
  package func fileOffset(of vaddr: UInt64) -> UInt64? {
    for segment in loads where vaddr >= segment.address {
      let distance = vaddr - segment.address
      if distance < segment.fileSize {
        let (offset, overflow) = segment.offset.addingReportingOverflow(distance)
        return overflow ? nil : offset
      }
    }
    return nil
  }

  /// Whether `vaddr` lies in a segment that may be executed.
  package func isExecutable(_ vaddr: UInt64) -> Bool {
    loads.contains { $0.isExecutable && $0.contains(vaddr) }
  }

  /// The bytes that the loader would place at `vaddr`, before relocation; zeros where the memory
  /// has no content in the file. `nil` when they do not all lie in one loaded segment, or when
  /// more than 16 MiB of zeros would be needed.
  package func read(at vaddr: UInt64, count: Int) -> [UInt8]? {
    guard count >= 0, let segment = loads.first(where: { $0.contains(vaddr) }) else { return nil }
    let distance = vaddr - segment.address
    guard UInt64(count) <= segment.memorySize - distance else { return nil }
    let inFile = min(UInt64(count), segment.fileSize - min(distance, segment.fileSize))
    let zeros = count - Int(inFile)
    guard zeros <= 16 << 20 else { return nil }
    if inFile == 0 { return [UInt8](repeating: 0, count: zeros) }
    let (offset, overflow) = segment.offset.addingReportingOverflow(distance)
    guard !overflow, let part = bytes.slice(at: offset, count: inFile) else { return nil }
    return part.array + [UInt8](repeating: 0, count: zeros)
  }

  /// The integer at `vaddr`, before relocation; `nil` where the file holds none.
  package func load<T: FixedWidthInteger>(_ type: T.Type = T.self, at vaddr: UInt64) -> T? {
    guard let offset = fileOffset(of: vaddr), let place = Int(exactly: offset) else { return nil }
    return bytes.load(T.self, at: place)
  }

  /// The zero-terminated string at `vaddr`, as UTF-8 with replacements.
  package func string(at vaddr: UInt64) -> String? {
    fileOffset(of: vaddr).flatMap { Int(exactly: $0) }.flatMap { bytes.string(at: $0) }
  }
}

// MARK: - Dynamic linking

extension ElfImage {
  /// The dynamic section, decoded once.
  var dynamic: ElfDynamic {
    dynamicEntries { ElfDynamic(self) }
  }

  /// Names of the libraries it asks for (`DT_NEEDED`), in order.
  package var neededLibraries: [String] { dynamic.strings(.needed) }

  /// The directories to look for them, as written: `$ORIGIN` is not resolved (`DT_RUNPATH`, else
  /// `DT_RPATH`).
  package var libraryPaths: [String] {
    let paths = dynamic.strings(.runpath)
    return (paths.isEmpty ? dynamic.strings(.rpath) : paths)
      .flatMap { $0.split(separator: ":").map(String.init) }
  }

  /// The name the library gives itself (`DT_SONAME`).
  package var libraryName: String? { dynamic.strings(.soname).first }

  /// What the dynamic linker writes into the image, by address. Decoded at first use.
  package var relocations: ElfRelocations {
    relocationTable { ElfRelocations(self) }
  }
}

// MARK: - Symbols

extension ElfImage {
  /// The symbols of `.symtab` and `.dynsym`. Decoded and sorted at first use.
  package var symbols: ElfSymbols {
    symbolTable { ElfSymbols(self) }
  }

  /// The symbol whose extent holds `vaddr`. O(log n).
  package func symbol(containing vaddr: UInt64) -> ElfSymbol? {
    symbols.containing(vaddr)
  }

  /// Whether it refers to `name` in another image.
  package func imports(_ name: String) -> Bool {
    symbols.named(name).contains { !$0.isDefined }
  }

  /// Whether it holds `name` itself.
  package func defines(_ name: String) -> Bool {
    symbols.named(name).contains { $0.isDefined }
  }
}

extension UInt64 {
  /// The sum, or the largest value where the sum does not fit.
  func addingSaturating(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
