/// Reads fields of the protocol's structures out of bytes that cannot be trusted.
///
/// The only place that turns bytes into numbers. Every read is checked against the end of the
/// bytes; nothing here can trap, whatever the bytes are.
package struct ByteReader {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// The field that `path` names, of the structure that starts at `base`.
  package func field<Root, Value: FixedWidthInteger>(
    _ path: KeyPath<Root, Value>, of base: Int
  ) throws(EventFileError) -> Value {
    try integer(at: Self.offset(of: path, from: base))
  }

  /// A character array of the structure at `base`, up to its first NUL.
  package func text<Root, Characters>(
    _ path: KeyPath<Root, Characters>, of base: Int
  ) throws(EventFileError) -> String {
    let start = Self.offset(of: path, from: base)
    let all = try slice(at: start, count: MemoryLayout<Characters>.size)
    return String(decoding: all.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The first `count` elements of an array of words in the structure at `base`; `count` is
  /// cut to what the array can hold.
  package func words<Root, Words>(
    _ path: KeyPath<Root, Words>, of base: Int, count: Int
  ) throws(EventFileError) -> [UInt64] {
    let start = Self.offset(of: path, from: base)
    return try words(at: start, count: min(count, MemoryLayout<Words>.size / 8))
  }

  package func words(at start: Int, count: Int) throws(EventFileError) -> [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity(count)
    for index in 0..<count { words.append(try integer(at: start + index * 8)) }
    return words
  }

  package func integer<Value: FixedWidthInteger>(at offset: Int) throws(EventFileError) -> Value {
    try check(offset: offset, count: MemoryLayout<Value>.size)
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
  }

  package func slice(at offset: Int, count: Int) throws(EventFileError) -> ArraySlice<UInt8> {
    try check(offset: offset, count: count)
    return bytes[offset..<(offset + count)]
  }

  /// Where a field of the structure at `base` lies.
  package func position<Root, Value>(of path: KeyPath<Root, Value>, in base: Int) -> Int {
    Self.offset(of: path, from: base)
  }

  private func check(offset: Int, count: Int) throws(EventFileError) {
    guard offset >= 0, count >= 0, bytes.count - count >= offset else {
      throw .truncated(needed: offset + count, found: bytes.count)
    }
  }

  /// Where the field lies: offsets come from 32-bit header fields and small indices, so that
  /// the sum cannot overflow.
  static func offset<Root, Value>(of path: KeyPath<Root, Value>, from base: Int) -> Int {
    guard let offset = MemoryLayout<Root>.offset(of: path) else {
      preconditionFailure("\(Root.self) is a C structure: each of its fields has an offset")
    }
    return base + offset
  }
}
