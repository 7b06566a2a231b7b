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
}
