/// The call frame information of an image: `.eh_frame`, and the index to it.
///
/// The index (`.eh_frame_hdr`) is searched in O(log n). Without one, all records are read once,
/// when an address is first looked up.
final class CallFrameTable: Sendable {
  private let image: ElfImage
  private let records: CallFrameReader
  private let index: Index?
  private let scanned = Lazy<[CallFrameEntry]>()

  /// - Parameter usesIndex: False to read all records even if there is an index to them.
  /// - Returns: `nil` when the image has no call frame information that can be used.
  init?(_ image: ElfImage, usesIndex: Bool = true) {
    guard image.machine == .x86_64 else { return nil }
    let index = try? Index(image)
    let memory: CallFrameReader?
    if let section = image.section(named: ".eh_frame"), section.isLoaded {
      memory = image.contents(of: section).map { CallFrameReader($0, address: section.address) }
    } else {
      memory = index.flatMap { image.memory(from: $0.records) }
    }
    guard let memory else { return nil }
    self.image = image
    self.records = memory
    self.index = usesIndex && index?.isSearchable == true ? index : nil
  }

  /// The entry of the function that holds `vaddr`; `nil` when there is none or it is damaged.
  func entry(containing vaddr: UInt64) -> CallFrameEntry? {
    let entry =
      index != nil
      ? index?.record(for: vaddr).flatMap { try? self.entry(at: $0) }
      : lastEntry(startingAtOrBefore: vaddr)
    return entry?.range.contains(vaddr) == true ? entry : nil
  }

  /// All entries in the order of their functions, read at first use. O(n log n).
  var entries: [CallFrameEntry] {
    scanned { scan().sorted { $0.range.lowerBound < $1.range.lowerBound } }
  }

  private func lastEntry(startingAtOrBefore vaddr: UInt64) -> CallFrameEntry? {
    let entries = entries
    let next = partitioningIndex(count: entries.count) { entries[$0].range.lowerBound > vaddr }
    return next > 0 ? entries[next - 1] : nil
  }
}

// MARK: - Records

extension CallFrameTable {
  private enum Record {
    case end
    case common(CallFrameReader)
    /// With the position of the common record.
    case entry(CallFrameReader, common: Int)
  }

  /// Parses the length and the kind of the record at `reader`, and moves past it.
  private static func record(_ reader: inout CallFrameReader) throws(CallFrameError) -> Record {
    var size = UInt64(try reader.read(UInt32.self))
    if size == 0 { return .end }
    if size == 0xffff_ffff { size = try reader.read(UInt64.self) }
    var content = try reader.part(count: size)
    let origin = content.position
    let distance = try content.read(UInt32.self)
    return distance == 0
      ? .common(content) : .entry(content, common: origin - Int(distance))
  }

  /// The entry whose record lies at `vaddr`.
  private func entry(at vaddr: UInt64) throws(CallFrameError) -> CallFrameEntry {
    guard vaddr >= records.address, let position = Int(exactly: vaddr - records.address) else {
      throw .malformed
    }
    var reader = records
    reader.move(to: position)
    guard case .entry(let content, let common) = try Self.record(&reader) else {
      throw .malformed
    }
    return try CallFrameEntry(content, common: self.common(at: common), in: image)
  }

  private func common(at position: Int) throws(CallFrameError) -> CallFrameCommon {
    var reader = records
    reader.move(to: position)
    guard case .common(let content) = try Self.record(&reader) else { throw .malformed }
    return try CallFrameCommon(content)
  }

  /// All entries in the order of the file, up to the first record without a proper end. Records
  /// with damaged or unknown content are left out.
  private func scan() -> [CallFrameEntry] {
    var entries: [CallFrameEntry] = []
    var commons: [Int: CallFrameCommon] = [:]
    var reader = records
    while !reader.isAtEnd, let record = try? Self.record(&reader) {
      guard case .entry(let content, let position) = record else {
        if case .end = record { break }
        continue
      }
      if commons[position] == nil { commons[position] = try? common(at: position) }
      if let common = commons[position],
        let entry = try? CallFrameEntry(content, common: common, in: image)
      {
        entries.append(entry)
      }
    }
    return entries
  }
}

// MARK: - Index

/// `.eh_frame_hdr`: where the records start, and a sorted table of functions and their records.
private struct Index: Sendable {
  /// The address of `.eh_frame`.
  private(set) var records: UInt64
  private var reader: CallFrameReader
  private var encoding: PointerEncoding
  private var count: Int

  var isSearchable: Bool { count > 0 }

  init(_ image: ElfImage) throws(CallFrameError) {
    // The segment's type is PT_GNU_EH_FRAME; the section has the name alone.
    guard
      let address = image.segments.first(where: { $0.kind == .other(0x6474_e550) })?.address
        ?? image.section(named: ".eh_frame_hdr")?.address,
      var reader = image.memory(from: address)
    else { throw .unsupported }
    guard try reader.read(UInt8.self) == 1 else { throw .unsupported }
    let recordsEncoding = PointerEncoding(rawValue: try reader.read(UInt8.self))
    let countEncoding = PointerEncoding(rawValue: try reader.read(UInt8.self))
    encoding = PointerEncoding(rawValue: try reader.read(UInt8.self))
    records = try reader.readPointer(recordsEncoding, dataBase: address, in: image)
    count = 0
    if !countEncoding.isOmitted, !encoding.isOmitted, !encoding.isIndirect,
      let size = encoding.size
    {
      let rows = try reader.readPointer(countEncoding, dataBase: address, in: image)
      let fitting = (reader.end - reader.position) / (2 * size)
      count = Int(min(rows, UInt64(max(fitting, 0))))
    }
    self.reader = reader
  }

  /// The address of the record of the last function that starts at or before `vaddr`.
  func record(for vaddr: UInt64) -> UInt64? {
    let next = partitioningIndex(count: count) { index in
      word(2 * index).map { $0 > vaddr } ?? true
    }
    return next > 0 ? word(2 * next - 1) : nil
  }

  /// One of the words of the table: addresses of functions and of records, in turn.
  private func word(_ index: Int) -> UInt64? {
    guard let size = encoding.size else { return nil }
    var reader = reader
    reader.move(to: reader.position + index * size)
    return try? reader.readPointer(encoding, dataBase: reader.address)
  }
}

extension ElfImage {
  /// A reader from `vaddr` to the end of what the file has of its segment.
  fileprivate func memory(from vaddr: UInt64) -> CallFrameReader? {
    guard
      let segment = segments.first(where: {
        $0.kind == .load && vaddr >= $0.address && vaddr - $0.address < $0.fileSize
      }), let offset = fileOffset(of: vaddr)
    else { return nil }
    let available = min(
      segment.fileSize - (vaddr - segment.address),
      UInt64(bytes.count) - min(offset, UInt64(bytes.count)))
    return bytes.slice(at: offset, count: available)
      .map { CallFrameReader($0, address: vaddr) }
  }
}

/// The first of `count` indices for which `isAbove` holds, when it holds for all that follow.
func partitioningIndex(count: Int, _ isAbove: (Int) -> Bool) -> Int {
  var low = 0
  var high = count
  while low < high {
    let middle = (low + high) / 2
    if isAbove(middle) { high = middle } else { low = middle + 1 }
  }
  return low
}
