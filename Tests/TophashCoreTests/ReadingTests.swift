import CTophashCore
import Glibc
import Synchronization
import Testing

/// Reading somebody's stack while its access is open: the owner is held back, for a moment; and
/// what was read is called exact only when it is.
@Suite struct ReadingTests {
  private let access = Access(
    address: 0x7000_0000_0080, modifies: true, buffer: 0x100, stack: 0x7000, owner: 3)

  @Test func `what is open from first to last is exact`() throws {
    let table = Table()
    let bucket = table.bucket(access.address)
    let slot = table.publish(access)!
    var copy = try #require(table.read(access, at: slot))
    #expect(tophash_overlap_hold_back(bucket, slot, &copy) == 0)
    #expect(tophash_overlap_let_go(bucket, slot, &copy))
    #expect(table.withdraw(access) == UInt64(TOPHASH_MARK_CAUGHT))
    #expect(table.isEmpty)
  }

  @Test func `what has ended is not held back`() throws {
    let table = Table()
    let bucket = table.bucket(access.address)
    let slot = table.publish(access)!
    var copy = try #require(table.read(access, at: slot))
    #expect(table.withdraw(access) == 0)
    #expect(tophash_overlap_hold_back(bucket, slot, &copy) == UInt64(TOPHASH_UNPUBLISHED))

    // Neither is a stranger that has come to the slot.
    let stranger = Access(
      address: access.address, modifies: true, buffer: 0x200, stack: 0x9000, owner: 4)
    #expect(table.publish(stranger) == slot)
    #expect(tophash_overlap_hold_back(bucket, slot, &copy) == UInt64(TOPHASH_UNPUBLISHED))
    let marks = try #require(table.withdraw(stranger))
    #expect(marks & UInt64(TOPHASH_MARK_READING) == 0)
  }

  /// A reader may be interrupted by a signal that never returns, or killed: nobody waits for ever.
  /// This test would not end.
  @Test func `an owner does not depend on its reader`() throws {
    let table = Table()
    let slot = table.publish(access)!
    var copy = try #require(table.read(access, at: slot))
    let bucket = table.bucket(access.address)
    #expect(tophash_overlap_hold_back(bucket, slot, &copy) == 0)
    let marks = TOPHASH_MARK_CAUGHT | TOPHASH_MARK_READING
    #expect(table.withdraw(access) == UInt64(marks))
    #expect(table.isEmpty)
    #expect(!tophash_overlap_let_go(bucket, slot, &copy))
  }

  @Test func `the same function's next access is told from the one that was read`() throws {
    let table = Table()
    let bucket = table.bucket(access.address)
    let slot = table.publish(access)!
    var copy = try #require(table.read(access, at: slot))
    #expect(tophash_overlap_hold_back(bucket, slot, &copy) == 0)
    _ = table.withdraw(access)
    #expect(table.publish(access) == slot)  // the same buffer, stack and owner
    #expect(!tophash_overlap_let_go(bucket, slot, &copy))
  }

  /// What an owner and a reader share.
  ///
  /// Sendable: `words` are written by one and read by the other without order, as stacks are; the
  /// rest is the reader's until it has ended.
  private final class Scene: @unchecked Sendable {
    let table = Table()
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Scene.count)
    let isOver = Atomic(false)
    var heldBack = 0
    var exact = 0
    var torn = 0
    static let count = 64

    init() { words.initialize(repeating: 0, count: Scene.count) }
    deinit { words.deallocate() }
  }

  /// An owner that begins and ends as fast as it can, with one buffer and other words around it
  /// each time, and a reader of these words.
  @Test func `an exact reading is never of two accesses`() {
    let scene = Scene()
    let buffer = UInt64(UInt(bitPattern: scene.words))
    let access = Access(
      address: 0x7000_0000_0080, modifies: true, buffer: buffer, stack: 0x7000, owner: 3)
    onThreads(
      {
        for round in UInt64(0)..<1_000_000 {
          for index in 0..<Scene.count { scene.words[index] = round }
          _ = scene.table.publish(access)
          _ = scene.table.withdraw(access)
        }
        scene.isOver.store(true, ordering: .relaxed)
      },
      {
        let bucket = scene.table.bucket(access.address)
        let size = Scene.count * 8
        var copied = [UInt64](repeating: 0, count: Scene.count)
        while !scene.isOver.load(ordering: .relaxed) {
          guard var copy = scene.table.read(access, at: 0),
            tophash_overlap_hold_back(bucket, 0, &copy) != UInt64(TOPHASH_UNPUBLISHED)
          else { continue }
          scene.heldBack += 1
          let isRead = tophash_memory_read(buffer, &copied, size) == size
          guard tophash_overlap_let_go(bucket, 0, &copy), isRead else { continue }
          scene.exact += 1
          if copied.contains(where: { $0 != copied[0] }) { scene.torn += 1 }
        }
      })
    #expect(scene.torn == 0)
    // An owner that did not wait would be gone before the first word was read.
    #expect(scene.exact > 100 && scene.exact > scene.heldBack / 2)
  }
}
