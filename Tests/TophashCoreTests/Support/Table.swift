import CTophashCore

/// A table of open accesses in memory of its own, as the tests use it.
///
/// Sendable: the table is made for use from any thread without locks.
final class Table: @unchecked Sendable {
  private static let bucketBytes = 128
  private static let bytes = Int(TOPHASH_BUCKETS) * bucketBytes

  private let memory: UnsafeMutableRawPointer

  init() {
    memory = .allocate(byteCount: Self.bytes, alignment: Self.bucketBytes)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.bytes)
  }

  deinit { memory.deallocate() }

  var pointer: OpaquePointer { OpaquePointer(memory) }

  func bucket(_ address: UInt64) -> OpaquePointer { tophash_bucket(pointer, address) }

  /// Index of the bucket that an address belongs to.
  func bucketIndex(_ address: UInt64) -> Int {
    (UnsafeMutableRawPointer(bucket(address)) - memory) / Self.bucketBytes
  }

  /// `count` addresses of one bucket.
  func neighbours(_ count: Int, of address: UInt64 = 0x7000_0000_1000) -> [UInt64] {
    let wanted = bucketIndex(address)
    var found: [UInt64] = []
    var candidate = address
    while found.count < count {
      if bucketIndex(candidate) == wanted { found.append(candidate) }
      candidate += 8
    }
    return found
  }

  /// A bucket's words: four keys, then buffer, stack and owner of each slot.
  func words(_ address: UInt64) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(bucket(address)).assumingMemoryBound(to: UInt64.self)
  }

  /// True when no slot is taken, or half taken.
  var isEmpty: Bool {
    UnsafeRawBufferPointer(start: memory, count: Self.bytes).withMemoryRebound(to: UInt64.self) {
      words in
      words.indices.allSatisfy { index in
        switch index % 16 {
        case 0..<4, 4, 7, 10, 13: words[index] == 0  // keys and buffers
        default: true
        }
      }
    }
  }

  /// Returns the slot, or `nil` when the bucket is full.
  func publish(_ access: Access) -> Int32? {
    let slot = tophash_overlap_publish(
      bucket(access.address), access.key, access.buffer, access.stack, access.owner)
    return slot == TOPHASH_NO_SLOT ? nil : slot
  }

  func isAlone(_ access: Access, _ slot: Int32?) -> Bool {
    tophash_overlap_is_alone(bucket(access.address), slot ?? TOPHASH_NO_SLOT)
  }

  /// Every slot that a scan finds to conflict.
  func scan(_ access: Access, mine: Int32?) -> [Int32] {
    var found: [Int32] = []
    var from: Int32 = 0
    while true {
      let slot = tophash_overlap_scan(
        bucket(access.address), access.key, mine ?? TOPHASH_NO_SLOT, &from)
      if slot == TOPHASH_NO_SLOT { return found }
      found.append(slot)
    }
  }

  /// A copy of what is in a slot, when that is the access of this key.
  func read(_ access: Access, at slot: Int32) -> tophash_access? {
    var copy = tophash_access()
    return tophash_overlap_read(bucket(access.address), slot, access.key, &copy) ? copy : nil
  }

  /// Returns the marks, or `nil` when the access was not in the table.
  func withdraw(_ access: Access) -> UInt64? {
    let marks = tophash_overlap_withdraw(pointer, access.address, access.buffer)
    return marks == UInt64(TOPHASH_UNPUBLISHED) ? nil : marks
  }
}

/// One access, as a hook would see it.
struct Access: Hashable {
  var address: UInt64
  var modifies: Bool
  var buffer: UInt64
  var stack: UInt64 = 0
  var owner: UInt64 = 1

  var key: UInt64 { address << 1 | (modifies ? 1 : 0) }

  func conflicts(with other: Access) -> Bool {
    address == other.address && (modifies || other.modifies)
  }
}
