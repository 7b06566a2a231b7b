import Testing

@testable import Tophash

@Suite struct ShardedDictionaryTests {
  @Test func `the number of shards is a power of two`() {
    #expect(ShardedDictionary<Int, Int>(shardCount: 1).shardCount == 1)
    #expect(ShardedDictionary<Int, Int>(shardCount: 5).shardCount == 8)
    let dictionary = ShardedDictionary<Int, Int>(shardCount: 8)
    for key in 0..<8_000 { dictionary.updateValue(key, forKey: key) }
    #expect(Set((0..<8_000).map(dictionary.shardIndex)) == Set(0..<8))
    let statistics = dictionary.statistics
    #expect(statistics.count == 8_000 && statistics.shards == 8)
    #expect(statistics.largestShard < 2_000)
  }

  @Test func `a transaction sees a shard as of one moment`() {
    // Two keys of one shard are moved between; their sum never changes.
    let dictionary = ShardedDictionary<Int, Int>(shardCount: 4)
    let other = (1...).first { dictionary.shardIndex(of: $0) == dictionary.shardIndex(of: 0) }!
    dictionary.updateValue(1_000, forKey: 0)
    dictionary.updateValue(1_000, forKey: other)
    let wrong = Shared()
    onThreads(4) { thread in
      for step in 0..<5_000 {
        dictionary.withShard(of: 0) { entries in
          if entries[0]! + entries[other]! != 2_000 { wrong.add(1) }
          entries[0]! -= step % 7
          entries[other]! += step % 7
        }
      }
    }
    #expect(wrong.value == 0)
    #expect(dictionary[0]! + dictionary[other]! == 2_000)
  }

  @Test func `values are changed in place, and no change is lost`() {
    let dictionary = ShardedDictionary<Int, [Int]>()
    onThreads(4) { thread in
      for step in 0..<2_000 {
        dictionary.withValue(forKey: step % 10) { $0 = ($0 ?? []) + [thread] }
        dictionary.withValue(forKey: step % 10) { $0?.append(-1) }
      }
    }
    #expect((0..<10).allSatisfy { dictionary[$0]?.count == 4 * 2 * 200 })
  }

  @Test func `iteration returns what stays exactly once`() {
    let dictionary = ShardedDictionary<Int, Int>()
    for key in 0..<1_000 { dictionary.updateValue(0, forKey: key) }
    let wrong = Shared()
    onThreads(3) { thread in
      for round in 0..<20 {
        if thread == 0 {
          var seen: [Int: Int] = [:]
          for (key, _) in dictionary { seen[key, default: 0] += 1 }
          if seen.values.contains(where: { $0 != 1 }) { wrong.add(1) }
          if (0..<1_000).contains(where: { seen[$0] != 1 }) { wrong.add(1_000) }
        } else {
          let keys = thread * 10_000..<thread * 10_000 + 500
          for key in keys { dictionary.updateValue(round, forKey: key) }
          for key in keys { dictionary.removeValue(forKey: key) }
        }
      }
    }
    #expect(wrong.value == 0)
  }

  @Test func `objects live as long as they are in the dictionary`() {
    let counter = LifetimeCounter()
    do {
      let dictionary = ShardedDictionary<Tracked, Tracked>()
      onThreads(4) { thread in
        var random = RandomSource(seed: UInt64(thread))
        for step in 0..<3_000 {
          let key = Tracked(Int.random(in: 0..<100, using: &random), counter)
          switch step % 4 {
          case 0, 1: dictionary.updateValue(Tracked(step, counter), forKey: key)
          case 2: dictionary.removeValue(forKey: key)
          default: _ = dictionary[key]
          }
          if step % 1_000 == 999 { dictionary.removeAll() }
        }
      }
      #expect(counter.count == 2 * dictionary.count)
    }
    #expect(counter.count == 0)
  }

  @Test func `using it from its own closure stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let dictionary = ShardedDictionary<Int, Int>()
      dictionary.withValue(forKey: 1) { _ in _ = dictionary[2] }
    }
  }
}
