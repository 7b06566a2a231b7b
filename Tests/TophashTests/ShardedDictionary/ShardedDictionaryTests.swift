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

  @Test func `a transaction reads, adds, changes and removes`() {
    let dictionary = ShardedDictionary<Int, Int>(shardCount: 4)
    let keys = (0..<4_000).filter { dictionary.shardIndex(of: $0) == dictionary.shardIndex(of: 0) }
    // `#expect` takes nothing that cannot be copied.
    let counts = dictionary.withShard(of: 0) { shard in
      let before = shard.isEmpty ? 0 : -1
      for key in keys where shard.updateValue(key, forKey: key) != nil { return [-2] }
      let between = shard.count
      for key in keys.prefix(100) where shard.removeValue(forKey: key) != key { return [-3] }
      for key in keys { shard[key, default: -1] += 1 }
      shard[keys[0]] = nil
      shard[keys[1]]? += 10
      return [before, between, shard.count]
    }
    #expect(counts == [0, keys.count, keys.count - 1])
    let model = Dictionary(
      uniqueKeysWithValues: keys.enumerated().dropFirst().map { index, key in
        (key, index == 1 ? 10 : index < 100 ? 0 : key + 1)
      })
    #expect(Dictionary(uniqueKeysWithValues: dictionary.map { ($0, $1) }) == model)
    var seen: [Int: Int] = [:]
    let found = dictionary.withShard(of: 0) { shard in
      shard.forEach { seen[$0] = $1 }
      return keys.map { [shard[$0], shard[$0, default: -7]] }
    }
    #expect(seen == model)
    #expect(found == keys.map { [model[$0], model[$0, default: -7]] })
  }

  @Test func `a transaction's shard refuses keys of others`() async {
    await #expect(processExitsWith: .failure) {
      let dictionary = ShardedDictionary<Int, Int>(shardCount: 4)
      let other = (1...).first { dictionary.shardIndex(of: $0) != dictionary.shardIndex(of: 0) }!
      dictionary.withShard(of: 0) { _ = $0.updateValue(1, forKey: other) }
    }
  }

  @Test func `a transaction's shard does not outlive it`() async {
    await #expect(processExitsWith: .failure) {
      let one = ShardedDictionary<Int, Int>()
      let other = ShardedDictionary<Int, Int>()
      one.withShard(of: 0) { kept in
        other.withShard(of: 0) { swap(&kept, &$0) }
        kept[0] = 1  // of the other dictionary, whose lock is free
      }
    }
  }

  @Test func `no insertion moves a whole shard`() {
    let dictionary = ShardedDictionary<Int, Int>(shardCount: 2)
    var most = 0
    for key in 0..<50_000 {
      let index = dictionary.shardIndex(of: key)
      let before = dictionary.withTable(index) { $0.evacuationCount }
      dictionary.updateValue(key, forKey: key)
      most = max(most, dictionary.withTable(index) { $0.evacuationCount } - before)
    }
    #expect(most == 2)
    for index in 0..<2 { #expect(dictionary.withTable(index) { $0.violation() } == nil) }
    #expect((0..<50_000).allSatisfy { dictionary[$0] == $0 })
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

  @Test func `a key's end may use the dictionary`() {
    final class Key: Hashable, Sendable {
      let number: Int
      let dictionary: ShardedDictionary<Key, Int>
      init(_ number: Int, _ dictionary: ShardedDictionary<Key, Int>) {
        self.number = number
        self.dictionary = dictionary
      }
      deinit { _ = dictionary.count }
      static func == (a: Key, b: Key) -> Bool { a.number == b.number }
      func hash(into hasher: inout Hasher) { hasher.combine(number) }
    }
    let dictionary = ShardedDictionary<Key, Int>(shardCount: 1)
    for number in 0..<100 { dictionary.updateValue(number, forKey: Key(number, dictionary)) }
    for number in 0..<50 {
      #expect(dictionary.removeValue(forKey: Key(number, dictionary)) == number)
    }
    for number in 50..<60 { dictionary.withValue(forKey: Key(number, dictionary)) { $0 = nil } }
    #expect(dictionary.count == 40)
    dictionary.removeAll()
    #expect(dictionary.isEmpty)
  }

  @Test func `using it from its own closure stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let dictionary = ShardedDictionary<Int, Int>()
      dictionary.withValue(forKey: 1) { _ in _ = dictionary[2] }
    }
  }
}
