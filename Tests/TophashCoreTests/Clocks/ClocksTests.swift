import CTophashCore
import Testing

/// Each rule of the clocks by itself.
@Suite struct ClocksTests {
  let memory = ClockMemory()
  let variable: UInt64 = 0x1000
  let lock: UInt64 = 0x2000

  @Test func `two modifications without an edge are unordered`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable, stack: 7) == nil)
    #expect(other.modify(variable) == .init(stack: 7, modified: true))
  }

  @Test func `a read is unordered with a modification, in both directions`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.read(variable, stack: 7) == nil)
    #expect(other.modify(variable, stack: 8) == .init(stack: 7, modified: false))
    #expect(one.read(variable) == .init(stack: 8, modified: true))
  }

  @Test func `two reads are no conflict`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.read(variable) == nil)
    #expect(other.read(variable) == nil)
  }

  @Test func `release and acquire order what came before`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable) == nil)
    one.release(lock)
    other.acquire(lock)
    #expect(other.modify(variable) == nil)
  }

  @Test func `what comes after a release is not ordered by it`() {
    let (one, other) = (memory.begin(), memory.begin())
    one.release(lock)
    #expect(one.modify(variable, stack: 7) == nil)
    other.acquire(lock)
    #expect(other.modify(variable) == .init(stack: 7, modified: true))
  }

  @Test func `an access that is repeated after a release is a new one`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable, stack: 7) == nil)
    one.release(lock)
    #expect(one.modify(variable, stack: 8) == nil)
    other.acquire(lock)
    #expect(other.modify(variable) == .init(stack: 8, modified: true))
  }

  @Test func `an order is handed on`() {
    let (one, middle, other) = (memory.begin(), memory.begin(), memory.begin())
    #expect(one.modify(variable) == nil)
    one.release(lock)
    middle.acquire(lock)
    middle.release(lock + 8)
    other.acquire(lock + 8)
    #expect(other.read(variable) == nil)
  }

  @Test func `a modification is compared with each of seven readers`() {
    let readers = (0..<7).map { _ in memory.begin() }
    for reader in readers { #expect(reader.read(variable, stack: reader.slot) == nil) }
    let writer = memory.begin()
    for reader in readers.dropLast() {
      reader.release(lock)
      writer.acquire(lock)
    }
    #expect(writer.modify(variable) == .init(stack: readers[6].slot, modified: false))
  }

  @Test func `millions of reads do not push out the one that matters`() {
    let (one, other, writer) = (memory.begin(), memory.begin(), memory.begin())
    #expect(one.read(variable, stack: 7) == nil)
    for _ in 0..<3_000_000 {
      _ = other.read(variable)
      other.release(lock)
    }
    writer.acquire(lock)
    #expect(writer.modify(variable) == .init(stack: 7, modified: false))
  }

  @Test func `a strand of which nothing is known releases everything`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable) == nil)
    tophash_clocks_release(memory.clocks, nil, lock)
    other.acquire(lock)
    #expect(other.modify(variable) == nil)
  }

  @Test func `an edge that was not seen orders everything`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable) == nil)
    tophash_clocks_acquire_all(memory.clocks, other.strand)
    #expect(other.modify(variable) == nil)
  }

  @Test func `what is told to all orders everybody, and nothing that comes later`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable) == nil)
    tophash_clocks_release_to_all(memory.clocks, one.strand)
    #expect(other.modify(variable) == nil)
    #expect(one.modify(variable + 8, stack: 7) == nil)
    #expect(other.modify(variable + 8) == .init(stack: 7, modified: true))
  }

  @Test func `memory that was freed has no past`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable) == nil)
    #expect(one.modify(variable + 200, stack: 7) == nil)
    tophash_clocks_forget_memory(memory.clocks, variable - 16, 100)
    #expect(other.modify(variable) == nil)
    #expect(other.modify(variable + 200) == .init(stack: 7, modified: true))
  }

  @Test func `memory is freed to its last byte and not beyond`() {
    let (one, other) = (memory.begin(), memory.begin())
    let addresses: [UInt64] = [0x3FF8, 0x4000, 0x9FF8, 0xA000]
    for address in addresses { #expect(one.modify(address, stack: 7) == nil) }
    tophash_clocks_forget_memory(memory.clocks, 0x4000, 0x6000)
    let found = addresses.map { other.modify($0) != nil }
    #expect(found == [true, false, false, true])
  }

  @Test func `a lock in memory that was freed has no past`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable, stack: 7) == nil)
    one.release(lock)
    tophash_clocks_forget_memory(memory.clocks, lock, 8)
    other.acquire(lock)
    #expect(other.modify(variable) == .init(stack: 7, modified: true))
  }

  @Test func `a new sync object has no past`() {
    let (one, other) = (memory.begin(), memory.begin())
    #expect(one.modify(variable, stack: 7) == nil)
    one.release(lock)
    tophash_clocks_forget_sync(memory.clocks, lock)
    other.acquire(lock)
    #expect(other.modify(variable) == .init(stack: 7, modified: true))
  }

  @Test func `a slot goes on to a strand that knows all of its past`() {
    let parent = memory.begin()
    for child in 0..<1000 {
      parent.release(lock)
      let task = memory.begin(after: [lock])
      #expect(task.modify(variable, stack: UInt32(child)) == nil)
      task.release(lock)
      task.end()
      parent.acquire(lock)
    }
    #expect(memory.clocks.pointee.width == 3)
    #expect(memory.clocks.pointee.stolen == 0)
  }

  @Test func `strands that nobody waits for keep their slots apart`() {
    let first = memory.begin()
    #expect(first.modify(variable, stack: 7) == nil)
    first.end()
    let second = memory.begin()
    #expect(second.slot != first.slot)
    #expect(second.modify(variable) == .init(stack: 7, modified: true))
  }

  @Test func `without a free slot the one left longest ago is taken`() {
    let strands = (1..<Int(TOPHASH_STRANDS)).map { _ in memory.begin() }
    for strand in strands { _ = strand.modify(UInt64(strand.slot) << 12, stack: strand.slot) }
    for strand in strands.reversed() { strand.end() }
    let next = memory.begin()
    #expect(next.slot == UInt32(TOPHASH_STRANDS) - 1)
    #expect(memory.clocks.pointee.stolen == 1)
    // Its past counts as known, and no other's.
    #expect(next.modify(UInt64(next.slot) << 12) == nil)
    #expect(next.modify(1 << 12) == .init(stack: 1, modified: true))
  }

  @Test func `a strand without a slot is not followed, and hides what it may have ordered`() {
    let strands = (1..<Int(TOPHASH_STRANDS)).map { _ in memory.begin() }
    #expect(strands[0].modify(variable) == nil)
    let surplus = memory.begin()
    #expect(surplus.slot == 0)
    #expect(surplus.modify(variable) == nil)
    surplus.release(lock)
    strands[1].acquire(lock)
    #expect(strands[1].modify(variable) == nil)
    #expect(memory.clocks.pointee.unfollowed == 1)
  }

  @Test func `no release is lost when there are more sync objects than places`() {
    let count = UInt64(TOPHASH_SYNCS) << UInt64(TOPHASH_SYNC_BUCKET_BITS)
    let (one, other) = (memory.begin(), memory.begin())
    // Each lock is released before it guards the variable of its own.
    for number in 1...(2 * count) {
      #expect(one.modify(0x10_0000_0000 + number * 64) == nil)
      one.release(0x20_0000_0000 + number * 64)
    }
    #expect(memory.clocks.pointee.shared > 0)
    for number in 1...(2 * count) {
      other.acquire(0x20_0000_0000 + number * 64)
      let found = other.modify(0x10_0000_0000 + number * 64)
      #expect(found == nil)
      if found != nil { break }
    }
  }

  @Test func `more variables than places: some are forgotten, none is mistaken`() {
    let (one, other) = (memory.begin(), memory.begin())
    let count: UInt32 = 400_000
    var found = 0
    for number in 1...count { _ = one.modify(UInt64(number) << 6, stack: number) }
    for number in 1...count {
      guard let conflict = other.modify(UInt64(number) << 6) else { continue }
      #expect(conflict == .init(stack: number, modified: true))
      found += 1
    }
    #expect(found + Int(memory.clocks.pointee.forgotten) / 2 == Int(count))
    #expect(found > 150_000)
  }

  @Test func `a report can tell who made an access`() {
    let one = memory.begin(owner: 41)
    _ = one.modify(variable)
    one.end()
    one.release(lock)
    // The same slot, later.
    let next = memory.begin(after: [lock], owner: 42)
    #expect(next.slot == one.slot)
    _ = next.modify(variable + 8)

    let event: (UInt32, UInt32) -> UInt64 = { UInt64($1) << 32 | UInt64($0) }
    var run = tophash_run()
    #expect(tophash_clocks_run_of(memory.clocks, event(one.slot, 1), &run))
    #expect(run.owner == 41)
    #expect(tophash_clocks_run_of(memory.clocks, event(one.slot, 2), &run))
    #expect(run.owner == 42)
    #expect(!tophash_clocks_run_of(memory.clocks, event(9, 1), &run))
  }

  @Test func `equal stacks are kept once`() {
    let frames: [UInt64] = (1...20).map { $0 * 4096 }
    let clocks = memory.clocks
    let short = tophash_clocks_keep_stack(clocks, frames, 3)
    let long = tophash_clocks_keep_stack(clocks, frames, 20)
    #expect(short != 0 && long != 0 && short != long)
    #expect(tophash_clocks_keep_stack(clocks, frames, 3) == short)
    #expect(tophash_clocks_keep_stack(clocks, frames, 0) == 0)
    #expect(tophash_clocks_stack(clocks, short)?.pointee.count == 3)
    #expect(tophash_clocks_stack(clocks, long)?.pointee.count == UInt32(TOPHASH_STACK_FRAMES))
    #expect(tophash_clocks_stack(clocks, 0) == nil)
  }
}
