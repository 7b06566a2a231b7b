import Synchronization
import Testing

@testable import Tophash

@Suite struct EpochDomainTests {
  final class Tracked: Sendable {
    let counter: Counter
    final class Counter: Sendable { let alive = Atomic<Int>(0) }
    init(_ counter: Counter) {
      self.counter = counter
      counter.alive.wrappingAdd(1, ordering: .relaxed)
    }
    deinit { counter.alive.wrappingSubtract(1, ordering: .relaxed) }
  }

  @Test func `a pinned reader keeps what was retired after it came`() {
    let domain = EpochDomain()
    let limbo = Limbo<Tracked>(domain: domain)
    let counter = Tracked.Counter()
    let pin = domain.pin()
    limbo.retire(Tracked(counter))
    limbo.flush()
    limbo.flush()
    #expect(counter.alive.load(ordering: .relaxed) == 1)
    #expect(limbo.statistics.pending == 1)
    domain.unpin(pin)
    limbo.flush()
    #expect(counter.alive.load(ordering: .relaxed) == 0)
    #expect(limbo.statistics.retired == 1)
    #expect(limbo.statistics.freed == 1)
  }

  @Test func `without readers, only the latest things wait`() {
    let limbo = Limbo<Tracked>(domain: EpochDomain())
    let counter = Tracked.Counter()
    for _ in 0..<10_000 { limbo.retire(Tracked(counter)) }
    #expect(counter.alive.load(ordering: .relaxed) <= 4 * Limbo<Tracked>.patience)
    #expect(limbo.statistics.pending == counter.alive.load(ordering: .relaxed))
  }

  @Test func `pins nest, and may outnumber the slots`() {
    let domain = EpochDomain()
    let pins = (0..<EpochDomain.slotCount + 3).map { _ in domain.pin() }
    #expect(pins.filter(\.isCrowd).count == 3)
    #expect(!domain.advance())
    pins.dropFirst().forEach(domain.unpin)
    #expect(domain.advance())
    #expect(!domain.advance())
    domain.unpin(pins[0])
    #expect(domain.advance())
  }

  @Test func `destroying a limbo releases everything`() {
    let counter = Tracked.Counter()
    do {
      let limbo = Limbo<Tracked>(domain: EpochDomain())
      for _ in 0..<10 { limbo.retire(Tracked(counter)) }
    }
    #expect(counter.alive.load(ordering: .relaxed) == 0)
  }

  @Test func `a thread's slot is free again when the thread has ended`() {
    let dictionary = ConcurrentDictionary<String, String>()
    dictionary.updateValue("value", forKey: "key")
    // More threads, one after the other, than there are slots to keep.
    for _ in 0..<EpochDomain.keptSlots + 10 {
      onThreads(1) { _ in #expect(dictionary["key"] == "value") }
    }
    // The last thread may not be quite gone, and other tests have threads too.
    let slots = EpochDomain.shared.slots
    let kept = (0..<EpochDomain.slotCount).count { slots[$0].pointee.load(ordering: .relaxed) != 0 }
    #expect(kept < EpochDomain.keptSlots)
  }

  @Test func `a pin within a pin takes another slot`() {
    let outer = EpochDomain.shared.pin()
    let inner = EpochDomain.shared.pin()
    #expect(inner.slot != outer.slot)
    EpochDomain.shared.unpin(inner)
    let again = EpochDomain.shared.pin()
    #expect(again.slot != outer.slot)
    EpochDomain.shared.unpin(again)
    EpochDomain.shared.unpin(outer)
  }
}
