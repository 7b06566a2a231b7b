import CTophashCore
import CTophashProtocol
import Dispatch
import Testing

@testable import TophashTrace

/// The probe's own accounts of waits.
@Suite struct WaitCoreTests {
  @Test func `one kind and one stack are one place`() {
    let memory = WaitMemory()
    let first = memory.place(.mutex, [1, 2, 3])
    #expect(first.isNew)
    #expect(memory.place(.mutex, [1, 2, 3]) == (first.0, false))
    for other in [
      memory.place(.queue, [1, 2, 3]), memory.place(.mutex, [1, 2]),
      memory.place(.mutex, [2, 1, 3]),
      memory.place(.mutex, [1, 2, 3], salt: 9),
    ] {
      #expect(other.isNew)
      #expect(other.0 != first.0)
    }
  }

  @Test func `times are added up, and the longest is kept`() throws {
    let memory = WaitMemory()
    let (place, _) = memory.place(.mutex, [1])
    memory.complete(place)
    for time: UInt64 in [5, 20, 7] { memory.add(place, time) }
    let read = try #require(try WaitFile(bytes: memory.bytes).places[Int(place)])
    #expect((read.count, read.total, read.longest) == (3, 32, 20))
  }

  @Test func `a table that is full drops places, and counts their waits`() throws {
    let memory = WaitMemory()
    var places = Set<UInt32>()
    var dropped = 0
    for stack in 0..<4000 as Range<UInt64> {
      let (place, isNew) = memory.place(.mutex, [stack])
      if place == noWait { dropped += 1 } else { #expect(isNew && places.insert(place).inserted) }
      memory.add(place, 1)
    }
    #expect(dropped >= 4000 - Int(TOPHASH_WAITS))
    #expect(try WaitFile(bytes: memory.bytes).dropped == UInt64(dropped))
  }

  @Test func `somebody waits once, and until taken`() {
    let memory = WaitMemory()
    let (place, _) = memory.place(.actor, [1])
    let slot = memory.begin(77, place, at: 5)
    #expect(memory.begin(77, place, at: 9) == slot)
    let taken = memory.take(77)
    #expect((taken.since_ns, taken.wait) == (5, UInt64(place)))
    #expect(memory.take(77).wait == UInt64(noWait))
  }

  @Test func `slots are given back in any order`() {
    let memory = WaitMemory()
    let (place, _) = memory.place(.actor, [1])
    for who in 1...5000 as ClosedRange<UInt64> { _ = memory.begin(who, place, at: who) }
    for who in stride(from: 1 as UInt64, through: 5000, by: 2) {
      #expect(memory.take(who).since_ns == who)
    }
    for who in stride(from: 2 as UInt64, through: 5000, by: 2) {
      #expect(memory.take(who).since_ns == who)
    }
    #expect(memory.waits.header.pointee.waiting_dropped == 0)
  }

  @Test func `threads that come at once lose nothing`() throws {
    let memory = WaitMemory()
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for round in 0..<2000 as Range<UInt64> {
        let (place, isNew) = memory.place(.mutex, [round % 50])
        if isNew { memory.complete(place) }
        let slot = memory.begin(UInt64(thread) << 32 | round | 1 << 60, place, at: round)
        memory.add(place, 1)
        memory.forget(slot)
      }
    }
    let file = try WaitFile(bytes: memory.bytes)
    // Two threads may have made a place at once, in neighbouring slots: no wait is lost by it.
    #expect(file.places.values.reduce(0) { $0 + $1.count } == 16_000)
    #expect(file.places.count == 50)
    #expect(file.waiting.isEmpty)
  }
}
