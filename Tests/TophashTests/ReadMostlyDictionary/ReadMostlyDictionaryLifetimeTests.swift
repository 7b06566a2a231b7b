import Foundation
import Testing

@testable import Tophash

/// Every key and value that goes in is destroyed, once.
@Suite struct ReadMostlyDictionaryLifetimeTests {
  typealias Tested = ReadMostlyDictionary<Tracked, Tracked>

  @Test func `destroys everything with the dictionary`() {
    let counter = LifetimeCounter()
    do {
      let dictionary = Tested()
      for number in 0..<1_000 {
        dictionary.updateValue(Tracked(number, counter), forKey: Tracked(number, counter))
      }
      for number in 0..<500 { dictionary.removeValue(forKey: Tracked(number, counter)) }
      for number in 500..<700 {
        dictionary.updateValue(Tracked(0, counter), forKey: Tracked(number, counter))
      }
      #expect(counter.count >= 1_000)
    }
    #expect(counter.count == 0)
  }

  @Test func `destroys what was replaced or removed when nobody reads any more`() {
    let counter = LifetimeCounter()
    let dictionary = Tested()
    for round in 0..<10 {
      for number in 0..<100 {
        dictionary.updateValue(Tracked(round, counter), forKey: Tracked(number, counter))
      }
    }
    for number in 0..<50 { dictionary.removeValue(forKey: Tracked(number, counter)) }
    drain(dictionary)
    #expect(counter.count == 100)
    #expect(dictionary.statistics.pending == 0)
    dictionary.removeAll()
    drain(dictionary)
    #expect(counter.count == 0)
  }

  @Test func `keeps what a reader may be looking at`() {
    let counter = LifetimeCounter()
    let dictionary = Tested()
    let key = Tracked(1, counter)
    dictionary.updateValue(Tracked(2, counter), forKey: key)
    dictionary.pinned {
      dictionary.removeValue(forKey: key)
      for _ in 0..<10 { dictionary.limbo.flush() }
      #expect(counter.count == 2)
    }
    drain(dictionary)
    #expect(counter.count == 1)
  }

  @Test func `a change that is tried again leaves nothing behind`() {
    let counter = LifetimeCounter()
    let dictionary = Tested()
    let keys = (0..<20).map { Tracked($0, counter) }
    for key in keys {
      // Every first try finds the slot changed: by an insertion, an update, a split or a removal.
      var tries = 0
      dictionary.withValue(forKey: key) { value in
        tries += 1
        if tries == 1 { dictionary.updateValue(Tracked(-1, counter), forKey: key) }
        if tries == 2 { dictionary.updateValue(Tracked(-2, counter), forKey: key) }
        if tries == 3 { dictionary.removeValue(forKey: key) }
        value = Tracked(tries, counter)
      }
      #expect(tries == 4)
      #expect(dictionary[key]?.number == 4)
      #expect(dictionary.violations == [])
    }
    dictionary.removeAll()
    drain(dictionary)
    #expect(counter.count == keys.count)
  }

  @Test func `threads that change, read and clear leave nothing behind`() {
    let counter = LifetimeCounter()
    let dictionary = Tested()
    onThreads(4) { thread in
      var random = RandomSource(seed: UInt64(thread))
      for step in 0..<5_000 {
        let key = Tracked(.random(in: 0..<64, using: &random), counter)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: dictionary.updateValue(Tracked(key.number, counter), forKey: key)
        case 30..<50: dictionary.removeValue(forKey: key)
        case 50..<60:
          _ = dictionary.value(forKey: key, insertingIfAbsent: Tracked(key.number, counter))
        case 60..<61: dictionary.removeAll()
        case 61..<63: for (key, value) in dictionary { #expect(key.number == value.number) }
        default: #expect(dictionary[key].map { $0.number == key.number } ?? true, "step \(step)")
        }
      }
    }
    #expect(dictionary.violations == [])
    dictionary.removeAll()
    drain(dictionary)
    #expect(counter.count == 0)
  }

  @Test func `a change begun before removeAll may be undone by it`() {
    let counter = LifetimeCounter()
    let dictionary = Tested()
    dictionary.withValue(forKey: Tracked(0, counter)) { value in
      dictionary.removeAll()
      value = Tracked(1, counter)
    }
    #expect(dictionary.isEmpty)
    drain(dictionary)
    #expect(counter.count == 0)
  }

  /// Destroys what can be destroyed. Other tests pin the same epochs at the same time, so that it
  /// may take many tries; the number only ends a test that would fail.
  private func drain(_ dictionary: Tested) {
    for _ in 0..<100_000 where dictionary.limbo.pendingCount > 0 {
      dictionary.limbo.flush()
      sched_yield()
    }
  }
}
