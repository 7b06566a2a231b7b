import Foundation
import Testing

@testable import Tophash

/// Every key and value that goes in is destroyed, once.
@Suite struct ReadMostlyDictionaryLifetimeTests {
  typealias Tested = ReadMostlyDictionary<Tracked, Tracked>

  @Test func `destroys everything with the dictionary`() {
    let tracker = Tracker()
    do {
      let dictionary = Tested()
      for number in 0..<1_000 {
        dictionary.updateValue(tracker.make(number), forKey: tracker.make(number))
      }
      for number in 0..<500 { dictionary.removeValue(forKey: tracker.make(number)) }
      for number in 500..<700 {
        dictionary.updateValue(tracker.make(0), forKey: tracker.make(number))
      }
      #expect(tracker.liveCount >= 1_000)
    }
    #expect(tracker.liveCount == 0)
  }

  @Test func `destroys what was replaced or removed when nobody reads any more`() {
    let tracker = Tracker()
    let dictionary = Tested()
    for round in 0..<10 {
      for number in 0..<100 {
        dictionary.updateValue(tracker.make(round), forKey: tracker.make(number))
      }
    }
    for number in 0..<50 { dictionary.removeValue(forKey: tracker.make(number)) }
    drain(dictionary)
    #expect(tracker.liveCount == 100)
    #expect(dictionary.statistics.pending == 0)
    dictionary.removeAll()
    drain(dictionary)
    #expect(tracker.liveCount == 0)
  }

  @Test func `keeps what a reader may be looking at`() {
    let tracker = Tracker()
    let dictionary = Tested()
    let key = tracker.make(1)
    dictionary.updateValue(tracker.make(2), forKey: key)
    dictionary.pinned {
      dictionary.removeValue(forKey: key)
      for _ in 0..<10 { dictionary.limbo.flush() }
      #expect(tracker.liveCount == 2)
    }
    drain(dictionary)
    #expect(tracker.liveCount == 1)
  }

  @Test func `a change that is tried again leaves nothing behind`() {
    let tracker = Tracker()
    let dictionary = Tested()
    let keys = (0..<20).map { tracker.make($0) }
    for key in keys {
      // Every first try finds the slot changed: by an insertion, an update, a split or a removal.
      var tries = 0
      dictionary.withValue(forKey: key) { value in
        tries += 1
        if tries == 1 { dictionary.updateValue(tracker.make(-1), forKey: key) }
        if tries == 2 { dictionary.updateValue(tracker.make(-2), forKey: key) }
        if tries == 3 { dictionary.removeValue(forKey: key) }
        value = tracker.make(tries)
      }
      #expect(tries == 4)
      #expect(dictionary[key]?.number == 4)
      #expect(dictionary.violations == [])
    }
    dictionary.removeAll()
    drain(dictionary)
    #expect(tracker.liveCount == keys.count)
  }

  @Test func `threads that change, read and clear leave nothing behind`() {
    let tracker = Tracker()
    let dictionary = Tested()
    Crew.run(4) { thread in
      var random = RandomSource(seed: UInt64(thread))
      for step in 0..<5_000 {
        let key = tracker.make(.random(in: 0..<64, using: &random))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: dictionary.updateValue(tracker.make(key.number), forKey: key)
        case 30..<50: dictionary.removeValue(forKey: key)
        case 50..<60: dictionary.value(forKey: key, insertingIfAbsent: tracker.make(key.number))
        case 60..<61: dictionary.removeAll()
        case 61..<63: for (key, value) in dictionary { #expect(key.number == value.number) }
        default: #expect(dictionary[key].map { $0.number == key.number } ?? true, "step \(step)")
        }
      }
    }
    #expect(dictionary.violations == [])
    dictionary.removeAll()
    drain(dictionary)
    #expect(tracker.liveCount == 0)
  }

  @Test func `a change begun before removeAll may be undone by it`() {
    let tracker = Tracker()
    let dictionary = Tested()
    dictionary.withValue(forKey: tracker.make(0)) { value in
      dictionary.removeAll()
      value = tracker.make(1)
    }
    #expect(dictionary.isEmpty)
    drain(dictionary)
    #expect(tracker.liveCount == 0)
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
