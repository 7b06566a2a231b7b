import Foundation
import Synchronization
import Testing

@testable import Tophash

@Suite struct ReadMostlyDictionaryIterationTests {
  @Test(arguments: HashQuality.allCases)
  func `the body may insert, update and remove`(_ quality: HashQuality) {
    let count = quality == .good ? 500 : 60
    let dictionary = ReadMostlyDictionary<TestKey, Int>()
    for number in 0..<count { dictionary.updateValue(number, forKey: TestKey(number, quality)) }
    var seen: Set<Int> = []
    for (key, _) in dictionary {
      #expect(seen.insert(key.number).inserted, "a key came twice")
      dictionary.updateValue(-1, forKey: key)
      dictionary.updateValue(-2, forKey: TestKey(key.number + 10_000, quality))
      if key.number % 3 == 0 { dictionary.removeValue(forKey: key) }
    }
    #expect(seen.isSuperset(of: 0..<count), "a key that was there came not")
    for number in 0..<count {
      #expect(dictionary[TestKey(number, quality)] == (number % 3 == 0 ? nil : -1))
    }
  }

  @Test func `ends after removeAll, and keys that come back come not again`() {
    let dictionary = ReadMostlyDictionary((0..<1_000).lazy.map { (key: $0, value: $0) })
    var seen: Set<Int> = []
    for (key, _) in dictionary {
      #expect(seen.insert(key).inserted)
      if seen.count == 200 {
        dictionary.removeAll()
        for key in seen { dictionary.updateValue(0, forKey: key) }
      }
    }
    #expect(seen.count >= 200 && seen.count < 200 + 2 * ReadMostlyDictionary<Int, Int>.portionSize)
  }

  @Test func `an iterator that is dropped holds nothing back`() {
    let counter = LifetimeCounter()
    let dictionary = ReadMostlyDictionary<Int, Tracked>()
    for number in 0..<1_000 { dictionary.updateValue(Tracked(number, counter), forKey: number) }
    do {
      var iterator = dictionary.makeIterator()
      #expect(iterator.next() != nil)
      dictionary.removeAll()
      for _ in 0..<100_000 where dictionary.limbo.pendingCount > 0 {
        dictionary.limbo.flush()
        sched_yield()
      }
      let limit = ReadMostlyDictionary<Int, Tracked>.portionSize + TrieLeaf<Int, Tracked>.capacity
      #expect(counter.count < limit)
      #expect(iterator.next() != nil, "the portion taken before is still there")
    }
    #expect(counter.count == 0)
  }

  @Test func `keys that stay always come, however much others change`() {
    let dictionary = ReadMostlyDictionary<Int, Int>()
    let stays = 500
    for number in 0..<stays { dictionary.updateValue(0, forKey: number) }
    let running = Flag()
    onThreads(4) { thread in
      if thread == 0 {
        for _ in 0..<100 {
          var seen: Set<Int> = []
          for (key, _) in dictionary { #expect(seen.insert(key).inserted, "a key came twice") }
          #expect(seen.isSuperset(of: 0..<stays), "a key that stays came not")
        }
        running.isSet.store(false, ordering: .relaxed)
      } else {
        var random = RandomSource(seed: UInt64(thread))
        while running.isSet.load(ordering: .relaxed) {
          let key = Int.random(in: 0..<2_000, using: &random)
          if key < stays {
            dictionary.updateValue(thread, forKey: key)
          } else if Bool.random(using: &random) {
            dictionary.updateValue(thread, forKey: key)
          } else {
            dictionary.removeValue(forKey: key)
          }
        }
      }
    }
    #expect(dictionary.violations == [])
  }

  private final class Flag: Sendable {
    let isSet = Atomic(true)
  }
}
