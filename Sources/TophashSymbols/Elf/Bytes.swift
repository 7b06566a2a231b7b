/// Read-only bytes, usually a mapped file or a part of one.
///
/// Every access is checked against the bounds and answers `nil` outside them, so parsers may
/// follow offsets of a damaged file without asking first. Copies and slices share one storage.
///
/// Sendable is unchecked because of the pointer: it points into `storage`, which is never changed.
package struct Bytes: @unchecked Sendable {
  private let storage: MappedFile
  private let memory: UnsafeRawBufferPointer

  /// Maps the file at `path`, which must not be truncated as long as this or a slice is in use.
  ///
  /// - Throws: `POSIXError` when it is no regular file or cannot be read.
  /// - Complexity: O(1); pages are read when touched.
  package init(contentsOf path: String) throws {
    storage = try MappedFile(path: path)
    memory = storage.memory
  }

  /// A copy of `bytes`.
  package init(_ bytes: [UInt8]) {
    storage = MappedFile(copying: bytes)
    memory = storage.memory
  }

  private init(storage: MappedFile, memory: UnsafeRawBufferPointer) {
    self.storage = storage
    self.memory = memory
  }

  /// The number of bytes.
  package var count: Int { memory.count }

  /// The integer at `offset` in little-endian order; `nil` when it does not lie fully inside.
  @inline(__always)
  package func load<T: FixedWidthInteger>(_ type: T.Type = T.self, at offset: Int) -> T? {
    guard offset >= 0, count >= MemoryLayout<T>.size,
      offset <= count - MemoryLayout<T>.size
    else { return nil }
    return T(littleEndian: memory.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// The bytes from `offset` on; `nil` when they do not all lie inside. Shares the storage.
  package func slice(at offset: UInt64, count: UInt64) -> Bytes? {
    guard offset <= UInt64(self.count), count <= UInt64(self.count) - offset else { return nil }
    let range = Int(offset)..<Int(offset + count)
    return Bytes(storage: storage, memory: UnsafeRawBufferPointer(rebasing: memory[range]))
  }

  /// The bytes from `offset` to the next zero byte, as UTF-8 with replacements; `nil` when there
  /// is no zero byte.
  package func string(at offset: Int) -> String? {
    guard let range = stringRange(at: offset) else { return nil }
    return String(decoding: memory[range], as: UTF8.self)
  }

  /// Whether the zero-terminated bytes at `offset` are exactly `text`; cheaper than `string(at:)`.
  package func hasString(_ text: [UInt8], at offset: Int) -> Bool {
    guard offset >= 0, load(UInt8.self, at: offset + text.count) == 0 else { return false }
    return memory[offset..<offset + text.count].elementsEqual(text)
  }

  /// A copy of all bytes.
  package var array: [UInt8] { Array(memory) }

  private func stringRange(at offset: Int) -> Range<Int>? {
    guard offset >= 0, offset < count,
      let end = memory[offset...].firstIndex(of: 0)
    else { return nil }
    return offset..<end
  }
}
