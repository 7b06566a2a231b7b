import Synchronization
import Testing

@testable import Tophash

/// Several threads at once. What cannot be compared with a model is counted.
@Suite struct ConcurrentDictionaryStressTests {
  static let threads = 4

  @Test func `no update is lost, whatever moves`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    onThreads(Self.threads) { thread in
      var random = RandomSource(seed: UInt64(thread))
      for step in 0..<20_000 {
        dictionary.updateValue(1, forKey: Int.random(in: 0..<64, using: &random), merging: +)
        // Others come and go, so that segments are replaced under the counters.
        let other = 1000 + thread * 100_000 + step
        dictionary.updateValue(0, forKey: other)
        if step >= 1_000 { dictionary.removeValue(forKey: other - 1_000) }
        if step % 8_192 == 5_000 { dictionary.shrink() }
      }
    }
    #expect((0..<64).reduce(0) { $0 + (dictionary[$1] ?? 0) } == Self.threads * 20_000)
    #expect(dictionary.count == 64 + Self.threads * 1_000)
    #expect(dictionary.count == dictionary.reduce(0) { count, _ in count + 1 })
  }

  @Test func `values of several words are never torn`() {
    struct Wide: Equatable, Sendable {
      var a, b, c, d: Int
      init(_ number: Int) { (a, b, c, d) = (number, ~number, number, ~number) }
      var isWhole: Bool { a == c && b == d && a == ~b }
    }
    let dictionary = ConcurrentDictionary<Int, Wide>()
    let torn = Shared()
    onThreads(Self.threads) { thread in
      var random = RandomSource(seed: UInt64(thread))
      for step in 0..<30_000 {
        let key = Int.random(in: 0..<12, using: &random)
        switch step % 8 {
        case 0, 1, 2: dictionary.updateValue(Wide(step), forKey: key)
        case 3: dictionary.removeValue(forKey: key)
        default: if dictionary[key]?.isWhole == false { torn.add(1) }
        }
      }
    }
    #expect(torn.value == 0)
  }

  @Test func `objects are neither leaked nor released too early`() {
    let counter = LifetimeCounter()
    let broken = Shared()
    do {
      let dictionary = ConcurrentDictionary<Tracked, Tracked>()
      onThreads(Self.threads) { thread in
        var random = RandomSource(seed: UInt64(thread))
        for step in 0..<20_000 {
          let key = Tracked(Int.random(in: 0..<200, using: &random), counter)
          switch step % 8 {
          case 0, 1: dictionary.updateValue(Tracked(step, counter), forKey: key)
          case 2: dictionary.removeValue(forKey: key)
          case 3:
            dictionary.withValue(forKey: key) { value in
              if value?.isWhole == false { broken.add(1) }
              value = step % 16 == 3 ? nil : Tracked(step, counter)
            }
          case 4 where step % 1024 == 4:
            for (key, value) in dictionary where !key.isWhole || !value.isWhole { broken.add(1) }
          case 5 where step % 8192 == 5:
            dictionary.removeAll()
          case 6 where step % 4096 == 6:
            dictionary.shrink()
          default: if dictionary[key]?.isWhole == false { broken.add(1) }
          }
        }
      }
      dictionary.shrink()
      #expect(dictionary.statistics.reclamation.retired > 0)
    }
    #expect(broken.value == 0)
    #expect(counter.count == 0)
  }

  @Test func `strings stay whole`() {
    let dictionary = ConcurrentDictionary<String, String>()
    let broken = Shared()
    onThreads(Self.threads) { thread in
      var random = RandomSource(seed: UInt64(thread))
      for step in 0..<15_000 {
        let number = Int.random(in: 0..<100, using: &random)
        let key = "key \(number) of a certain length"
        switch step % 4 {
        case 0: dictionary.updateValue("\(number): written in step \(step)", forKey: key)
        case 1 where step % 16 == 1: dictionary.removeValue(forKey: key)
        default:
          if let value = dictionary[key], !value.hasPrefix("\(number): ") { broken.add(1) }
        }
      }
    }
    #expect(broken.value == 0)
  }

  @Test func `the closure of insert-if-absent runs once`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    let made = Shared()
    onThreads(Self.threads) { thread in
      for key in 0..<5_000 {
        let value = dictionary.value(
          forKey: key,
          insertingIfAbsent: {
            made.add(1)
            return key
          }())
        if value != key { made.add(1_000_000) }
      }
    }
    #expect(made.value == 5_000)
  }

  @Test func `iteration returns what stays exactly once, and nothing twice`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    for key in 0..<2_000 { dictionary.updateValue(key, forKey: key) }
    let wrong = Shared()
    onThreads(Self.threads) { thread in
      if thread == 0 {
        for _ in 0..<30 {
          var seen: [Int: Int] = [:]
          for (key, _) in dictionary { seen[key, default: 0] += 1 }
          if seen.values.contains(where: { $0 != 1 }) { wrong.add(1) }
          if (0..<2_000).contains(where: { seen[$0] != 1 }) { wrong.add(1_000) }
        }
      } else {
        let first = thread * 1_000_000
        for round in 0..<3 {
          for key in first..<first + 15_000 { dictionary.updateValue(round, forKey: key) }
          for key in 0..<2_000 { dictionary.updateValue(round, forKey: key) }
          for key in first..<first + 15_000 { dictionary.removeValue(forKey: key) }
          dictionary.shrink()
        }
      }
    }
    #expect(wrong.value == 0)
  }

  @Test func `an iterator goes on while its task changes the dictionary`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    for key in 0..<500 { dictionary.updateValue(key, forKey: key) }
    var seen: Set<Int> = []
    for (key, _) in dictionary {
      #expect(seen.insert(key).inserted)
      dictionary.updateValue(0, forKey: key + 10_000)
      dictionary.removeValue(forKey: key)
      if seen.count == 100 { dictionary.reserveCapacity(50_000) }
      if seen.count == 400 { dictionary.shrink() }
      if seen.count > 5_000 { break }
    }
    #expect((0..<500).allSatisfy(seen.contains))
  }

  @Test func `removing everything is one step`() {
    // Whoever adds a pair of keys in order never sees the second without the first afterwards,
    // unless everything was removed in between.
    let dictionary = ConcurrentDictionary<Int, Int>()
    onThreads(3) { thread in
      for step in 0..<3_000 {
        if thread == 0 {
          if step % 100 == 0 { dictionary.removeAll() }
        } else {
          dictionary.updateValue(step, forKey: thread * 10_000 + step)
        }
      }
    }
    dictionary.removeAll()
    #expect(dictionary.isEmpty)
    #expect(Array(dictionary).isEmpty)
  }
}

/// A counter for what threads find.
final class Shared: Sendable {
  private let total = Atomic<Int>(0)
  func add(_ amount: Int) { total.wrappingAdd(amount, ordering: .relaxed) }
  var value: Int { total.load(ordering: .relaxed) }
}
