import CTophashCore
import CTophashProtocol
import Glibc
import Testing
import TophashTestSupport

/// Snapshots of addresses at which there is nothing good. A crash fails the whole suite.
@Suite struct SnapshotTests {
  private struct Piece {
    var address: UInt64
    var size: Int
    var kind: UInt32
  }

  /// The pieces of a snapshot; fails when they do not fill it exactly.
  private func pieces(at address: UInt64, capacity: Int = Int(TOPHASH_SNAPSHOT_BYTES)) -> [Piece] {
    let guardBytes = 64
    var bytes = [UInt8](repeating: 0xee, count: capacity + guardBytes)
    let used = Int(tophash_snapshot_collect(address, &bytes, UInt32(capacity)))
    #expect(used <= capacity)
    #expect(bytes[used...].suffix(guardBytes).allSatisfy { $0 == 0xee })
    var pieces: [Piece] = []
    var at = 0
    bytes.withUnsafeBytes { bytes in
      while at + 16 <= used {
        let size = Int(bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt32.self))
        pieces.append(
          Piece(
            address: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self), size: size,
            kind: bytes.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self)))
        at += 16 + (size + 7) / 8 * 8
      }
    }
    #expect(at == used)
    return pieces
  }

  @Test(
    arguments: [
      0, 1, 4095, 4096, 0x10000, 0xdead_beef, 1 << 47, (1 << 47) - 8, 0xffff_8000_0000_0000,
      0xffff_ffff_ff60_0000, .max - 4096, .max - 15, .max,
    ] as [UInt64])
  func `a bad address gives nothing`(_ address: UInt64) {
    #expect(pieces(at: address).count <= 1)
    #expect(pieces(at: address).allSatisfy { $0.kind == TOPHASH_SNAPSHOT_VALUE.rawValue })
  }

  @Test func `random addresses give whole pieces, whatever is there`() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<2_000 {
      _ = pieces(at: random.next() >> UInt64.random(in: 0..<40, using: &random))
    }
  }

  /// A variable at each of the last bytes of a mapping, with nothing behind, and at the first, with
  /// nothing before.
  @Test func `the edges of what is mapped are kept to`() {
    let page = 4096
    let start = mmap(nil, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    defer { munmap(start, 3 * page) }
    mprotect(start + page, page, PROT_READ | PROT_WRITE)
    let first = UInt64(UInt(bitPattern: start)) + UInt64(page)
    let end = first + UInt64(page)
    for distance in UInt64(1)...48 {
      let value = pieces(at: end - distance).first
      #expect(value?.size == Int(min(distance, 32)))
      #expect(pieces(at: first + distance - 1).first?.size == 32)
      #expect(pieces(at: first - distance).count <= 1)
    }
    #expect(pieces(at: end).isEmpty)
  }

  private final class Holder { var values: [String: Int] = ["a": 1] }

  @Test func `a property is found with its object, its class and its storage`() {
    let holder = Holder()
    let object = UInt64(UInt(bitPattern: Unmanaged.passUnretained(holder).toOpaque()))
    let found = pieces(at: object + 16)
    let kinds = found.map(\.kind)
    #expect(kinds.first == TOPHASH_SNAPSHOT_VALUE.rawValue)
    #expect(
      found.contains { $0.kind == TOPHASH_SNAPSHOT_OBJECT.rawValue && $0.address == object })
    #expect(kinds.contains(TOPHASH_SNAPSHOT_STORAGE.rawValue))
    #expect(kinds.contains(TOPHASH_SNAPSHOT_METADATA.rawValue))
    withExtendedLifetime(holder) {}
  }

  @Test func `what does not fit is left out`() {
    let holder = Holder()
    let property = UInt64(UInt(bitPattern: Unmanaged.passUnretained(holder).toOpaque())) + 16
    let whole = pieces(at: property)
    for capacity in 0..<600 {
      let some = pieces(at: property, capacity: capacity)
      #expect(some.count < whole.count)
      #expect(zip(some, whole).allSatisfy { $0.address == $1.address && $0.size <= $1.size })
    }
    withExtendedLifetime(holder) {}
  }

  @Test func `an object whose memory is gone is not followed`() {
    // Words that point at each other, at nothing, and at unreadable memory.
    let page = 4096
    let start = mmap(nil, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    defer { munmap(start, 2 * page) }
    mprotect(start + page, page, PROT_NONE)
    let base = UInt64(UInt(bitPattern: start))
    let words = start.assumingMemoryBound(to: UInt64.self)
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      for index in 0..<512 {
        words[index] =
          switch Int.random(in: 0..<6, using: &random) {
          case 0: base + UInt64.random(in: 0..<8192, using: &random)
          case 1: base + UInt64.random(in: 0..<1024, using: &random) * 8
          case 2: UInt64.random(in: 0..<0x600, using: &random)
          case 3: 3
          case 4: base + 4096 - 8
          default: random.next()
          }
      }
      _ = pieces(at: base + UInt64.random(in: 0..<4096, using: &random))
    }
  }
}
