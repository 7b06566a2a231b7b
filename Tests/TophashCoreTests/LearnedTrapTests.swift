import CTophashCore
import Testing

@Suite struct LearnedTrapTests {
  /// The state is large: it is never copied.
  private func withTraps(_ body: (UnsafeMutablePointer<tophash_traps>) -> Void) {
    let size = MemoryLayout<tophash_traps>.size
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    defer { memory.deallocate() }
    let traps = memory.assumingMemoryBound(to: tophash_traps.self)
    tophash_traps_start(traps, 0, 100)
    body(traps)
  }

  @Test func `a learned trap holds at its first visit, for the time that it was given`() {
    withTraps { traps in
      var visit = tophash_visit()
      (visit.address, visit.pc, visit.identity, visit.now_ns) = (0x7000, 0x1000, 1, 5_000_000)
      visit.modifies = true
      #expect(tophash_traps_visit(traps, &visit).hold_ns == 0)
      tophash_traps_learn(traps, 0x1000, 400_000)
      #expect(tophash_traps_visit(traps, &visit).hold_ns == 400_000)
      var nearMisses: UInt32 = 9
      #expect(tophash_traps_hold(traps, 0x1000, &nearMisses) == 400_000)
      #expect(nearMisses == 0)
      #expect(tophash_traps_hold(traps, 0x2000, &nearMisses) == 0)
    }
  }

  @Test func `a hold stays within its limits`() {
    withTraps { traps in
      var nearMisses: UInt32 = 0
      for (given, kept) in [(1, 200_000), (UInt64.max, 10_000_000)] as [(UInt64, UInt64)] {
        tophash_traps_learn(traps, given, given)
        #expect(tophash_traps_hold(traps, given, &nearMisses) == kept)
      }
    }
  }

  @Test func `near misses are counted at both sites`() {
    withTraps { traps in
      for (pc, identity) in [(0x1000, 1), (0x2000, 2), (0x1000, 1)] as [(UInt64, UInt64)] {
        var visit = tophash_visit()
        (visit.address, visit.pc, visit.identity, visit.now_ns) = (0x7000, pc, identity, 5_000_000)
        visit.modifies = true
        _ = tophash_traps_visit(traps, &visit)
      }
      var nearMisses: UInt32 = 0
      _ = tophash_traps_hold(traps, 0x1000, &nearMisses)
      #expect(nearMisses == 2)
      _ = tophash_traps_hold(traps, 0x2000, &nearMisses)
      #expect(nearMisses == 2)
    }
  }
}
