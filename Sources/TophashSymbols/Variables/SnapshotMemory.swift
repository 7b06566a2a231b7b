import CTophashProtocol

/// The memory that the probe copied next to a racing variable.
///
/// The bytes come from a program that may be corrupted, and are read as such: an unfinished piece
/// ends the snapshot, and every word is looked for, never assumed.
struct SnapshotMemory {
  /// One stretch of copied memory.
  struct Piece {
    var address: UInt64
    var kind: UInt32
    var bytes: ArraySlice<UInt8>
  }

  private(set) var pieces: [Piece] = []

  /// Takes a snapshot apart. Without pieces for what it cannot read.
  init(_ snapshot: [UInt8]) {
    var rest = snapshot[...]
    while let address: UInt64 = rest.load(at: 0), let size: UInt32 = rest.load(at: 8),
      let kind: UInt32 = rest.load(at: 12)
    {
      rest = rest.dropFirst(16)
      guard Int(size) <= rest.count else { return }
      pieces.append(Piece(address: address, kind: kind, bytes: rest.prefix(Int(size))))
      rest = rest.dropFirst((Int(size) + 7) & ~7)
    }
  }

  /// The integer at `address` in the process; `nil` where nothing was copied.
  func load<T: FixedWidthInteger>(_ type: T.Type = T.self, at address: UInt64) -> T? {
    for piece in pieces where address >= piece.address {
      let offset = address - piece.address
      if offset < UInt64(piece.bytes.count), let value: T = piece.bytes.load(at: Int(offset)) {
        return value
      }
    }
    return nil
  }

  /// The zero-terminated string at `address`; `nil` where it was not copied as a whole.
  func string(at address: UInt64) -> String? {
    for piece in pieces where address >= piece.address {
      let offset = address - piece.address
      guard offset < UInt64(piece.bytes.count) else { continue }
      let rest = piece.bytes.dropFirst(Int(offset))
      if let end = rest.firstIndex(of: 0) { return String(decoding: rest[..<end], as: UTF8.self) }
    }
    return nil
  }

  /// Where the first piece of that kind begins.
  func address(of kind: tophash_snapshot_kind) -> UInt64? {
    pieces.first { $0.kind == kind.rawValue }?.address
  }
}

extension ArraySlice<UInt8> {
  /// The little-endian integer `offset` bytes after the start; `nil` when it does not fit.
  fileprivate func load<T: FixedWidthInteger>(at offset: Int) -> T? {
    guard offset <= count - MemoryLayout<T>.size else { return nil }
    let start = startIndex + offset
    return self[start..<start + MemoryLayout<T>.size].reversed().reduce(0) {
      $0 << 8 | T(truncatingIfNeeded: $1)
    }
  }
}
