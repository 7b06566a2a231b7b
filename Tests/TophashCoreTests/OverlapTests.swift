import CTophashCore
import Testing
import TophashTestSupport

/// The table of open accesses, one thread at a time, against a model that is plain enough to be
/// believed: four accesses fit a bucket; two conflict when they are of one address and one modifies.
@Suite struct OverlapTests {
  /// What the table should hold: open accesses by bucket, with the slots that they were given.
  private struct Model {
    var buckets: [Int: [(access: Access, slot: Int32)]] = [:]

    mutating func remove(_ access: Access, from bucket: Int) -> Bool {
      guard let index = buckets[bucket]?.firstIndex(where: { $0.access == access }) else {
        return false
      }
      buckets[bucket]!.remove(at: index)
      return true
    }
  }

  @Test(arguments: UInt64(0)..<20)
  func `agrees with the model on random begins and ends`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let table = Table()
    // Three buckets: one of variables that share it, two with a variable each.
    let shared = table.neighbours(5)
    let others = [0x5000_0000_0018, 0x6000_0000_0ff0] as [UInt64]
    var model = Model()
    var open: [Access] = []
    var full = 0
    var conflicts = 0
    for step in 0..<4_000 {
      let begins = open.isEmpty || (open.count < 24 && Bool.random(using: &random))
      guard begins else {
        // In any order: tasks end what they began on other threads.
        let ended = open.remove(at: Int.random(in: 0..<open.count, using: &random))
        let wasPublished = model.remove(ended, from: table.bucketIndex(ended.address))
        #expect(table.withdraw(ended) == (wasPublished ? 0 : nil))
        #expect(table.withdraw(ended) == nil)
        continue
      }
      let begun = Access(
        address: (shared + others).randomElement(using: &random)!,
        modifies: Bool.random(using: &random), buffer: 0x1000 + UInt64(step) * 32,
        stack: UInt64(step) << 3, owner: UInt64.random(in: 1...6, using: &random))
      open.append(begun)
      let bucket = table.bucketIndex(begun.address)
      let neighbours = model.buckets[bucket, default: []]
      let slot = table.publish(begun)
      #expect((slot == nil) == (neighbours.count == 4))
      if slot == nil { full += 1 }
      #expect(!neighbours.contains { $0.slot == slot })

      // Also an access for which there was no room is compared with the others.
      let expected = neighbours.filter { $0.access.conflicts(with: begun) }
      let found = table.scan(begun, mine: slot)
      #expect(Set(found) == Set(expected.map(\.slot)))
      conflicts += found.count
      for other in expected {
        var copy = try #require(table.read(other.access, at: other.slot))
        #expect(copy.buffer == other.access.buffer && copy.owner == other.access.owner)
        #expect(copy.stack == other.access.stack)
        #expect(tophash_overlap_is_open(table.bucket(begun.address), other.slot, &copy))
      }
      if table.isAlone(begun, slot) {
        #expect(neighbours.isEmpty)
      } else {
        // The first of a bucket takes the first slot.
        #expect(!neighbours.isEmpty)
      }
      if let slot { model.buckets[bucket, default: []].append((begun, slot)) }
    }
    for access in open {
      let wasPublished = model.remove(access, from: table.bucketIndex(access.address))
      #expect((table.withdraw(access) == 0) == wasPublished)
    }
    #expect(table.isEmpty)
    #expect(full > 100 && conflicts > 100, "the stream met what it is for")
  }

  @Test(arguments: [false, true], [false, true])
  func `two accesses conflict when one of them modifies`(_ first: Bool, _ second: Bool) {
    let table = Table()
    let one = Access(address: 0x7000_0000_0040, modifies: first, buffer: 0x100)
    let two = Access(address: 0x7000_0000_0040, modifies: second, buffer: 0x200, owner: 2)
    let slot = table.publish(one)!
    let mine = table.publish(two)
    #expect(table.scan(two, mine: mine) == (first || second ? [slot] : []))
    #expect(table.withdraw(one) == 0)
    #expect(table.scan(two, mine: mine) == [])
  }

  @Test func `variables that share a bucket do not conflict`() {
    let table = Table()
    let addresses = table.neighbours(4)
    let accesses = addresses.enumerated().map {
      Access(address: $1, modifies: true, buffer: 0x100 * UInt64($0 + 1), owner: UInt64($0))
    }
    for access in accesses {
      let slot = table.publish(access)
      #expect(slot != nil)
      #expect(table.scan(access, mine: slot) == [])
    }
    for access in accesses { #expect(table.withdraw(access) == 0) }
    #expect(table.isEmpty)
  }

  @Test func `a full bucket publishes nothing and still compares`() {
    let table = Table()
    let addresses = table.neighbours(5)
    let accesses = addresses.enumerated().map {
      Access(address: $1, modifies: true, buffer: 0x100 * UInt64($0 + 1), owner: UInt64($0))
    }
    let slots = accesses.prefix(4).map { table.publish($0) }
    let last = accesses[4]
    #expect(table.publish(last) == nil)
    #expect(table.scan(last, mine: nil) == [])
    #expect(!table.isAlone(last, nil))
    let same = Access(address: addresses[2], modifies: false, buffer: 0x900, owner: 9)
    #expect(table.publish(same) == nil)
    #expect(table.scan(same, mine: nil) == [slots[2]!])
    // Its end finds nothing and takes nothing from the others.
    #expect(table.withdraw(last) == nil)
    #expect(table.withdraw(same) == nil)
    #expect(accesses.prefix(4).map { table.withdraw($0) } == [0, 0, 0, 0])
    #expect(table.isEmpty)
  }

  @Test func `an end is known by its buffer`() {
    let table = Table()
    // One variable read three times at once, which is allowed.
    let reads = (1...3).map {
      Access(address: 0x7000_0000_0080, modifies: false, buffer: 0x100 * UInt64($0))
    }
    let slots = reads.map { table.publish($0)! }
    var copy = table.read(reads[1], at: slots[1])!
    let bucket = table.bucket(reads[1].address)
    #expect(tophash_overlap_hold_back(bucket, slots[1], &copy) == 0)
    #expect(tophash_overlap_let_go(bucket, slots[1], &copy))
    #expect(table.withdraw(reads[2]) == 0)
    #expect(table.withdraw(reads[1]) == UInt64(TOPHASH_MARK_CAUGHT))
    #expect(table.read(reads[0], at: slots[0])?.buffer == 0x100)
    #expect(table.withdraw(reads[0]) == 0)
    #expect(table.isEmpty)
  }

  @Test func `a copy tells when its access has ended`() throws {
    let table = Table()
    let first = Access(address: 0x7000_0000_0080, modifies: true, buffer: 0x100, stack: 8, owner: 3)
    let bucket = table.bucket(first.address)
    let slot = table.publish(first)!
    var reading = first
    reading.modifies = false
    #expect(table.read(reading, at: slot) == nil, "a read is not that modification")
    var copy = try #require(table.read(first, at: slot))
    #expect(tophash_overlap_is_open(bucket, slot, &copy))
    #expect(table.withdraw(first) == 0)
    #expect(!tophash_overlap_is_open(bucket, slot, &copy))
    #expect(table.read(first, at: slot) == nil)

    // The slot's next access is of the same variable and the same kind.
    var next = first
    next.buffer = 0x200
    #expect(table.publish(next) == slot)
    #expect(!tophash_overlap_is_open(bucket, slot, &copy))
    tophash_overlap_discard(bucket, slot, &copy)
    #expect(table.withdraw(next) == 0, "what has moved on is not discarded")
  }

  @Test func `what is discarded is gone`() throws {
    let table = Table()
    let access = Access(address: 0x7000_0000_0080, modifies: true, buffer: 0x100)
    let slot = table.publish(access)!
    var copy = try #require(table.read(access, at: slot))
    tophash_overlap_discard(table.bucket(access.address), slot, &copy)
    #expect(table.isEmpty)
    #expect(table.withdraw(access) == nil)
  }

  @Test func `a slot that nobody writes is given up`() {
    let table = Table()
    let access = Access(address: 0x7000_0000_0080, modifies: true, buffer: 0x100)
    #expect(table.publish(access) == 0)
    table.words(access.address)[4] = 0  // its buffer, as just after the claim
    #expect(table.read(access, at: 0) == nil)
  }

  @Test func `a thread's leftovers go, and nobody else's`() {
    let table = Table()
    var random = SeededGenerator(seed: 1)
    var accesses: [Access] = []
    for index in 0..<2_000 {
      let access = Access(
        address: 0x7000_0000_0000 + UInt64.random(in: 0..<1 << 24, using: &random) * 8,
        modifies: true, buffer: UInt64(index + 1) * 32,
        // The same identity on another thread's index is the same identity.
        owner: UInt64(index % 5 + 1) * 16 | UInt64(index % 7) << 48)
      if table.publish(access) != nil { accesses.append(access) }
    }
    let (leftovers, rest) = (
      accesses.filter { tophash_owner_identity($0.owner) == 48 },
      accesses.filter { tophash_owner_identity($0.owner) != 48 }
    )
    #expect(tophash_overlap_discard_all(table.pointer, 48) == leftovers.count)
    #expect(leftovers.count > 300)
    #expect(leftovers.allSatisfy { table.withdraw($0) == nil })
    #expect(rest.allSatisfy { table.withdraw($0) == 0 })
    #expect(table.isEmpty)
  }

  @Test func `a stack is packed without loss, or without its frame pointer`() {
    for pointer in [0x7ffd_1234_5678, 0x10_0000, 0x7fff_ffff_fff8] as [UInt64] {
      for words in [1, 2, 100, 0xffff] as [UInt64] {
        let stack = tophash_stack_pack(pointer, pointer + words * 8)
        #expect(tophash_stack_pointer(stack) == pointer)
        #expect(tophash_frame_pointer(stack) == pointer + words * 8)
        #expect(tophash_stack_pointer(stack | 7) == pointer, "marks are no part of it")
      }
      for frame in [0, pointer - 8, pointer + 0x10000 * 8, pointer + 4, .max, .max - 7] {
        let stack = tophash_stack_pack(pointer, frame)
        #expect(tophash_stack_pointer(stack) == pointer)
        #expect(tophash_frame_pointer(stack) == 0)
      }
    }
  }
}
