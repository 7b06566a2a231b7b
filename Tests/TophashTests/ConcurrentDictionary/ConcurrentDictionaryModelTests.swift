import Testing

@testable import Tophash

/// One task: does what `Dictionary` does.
@Suite struct ConcurrentDictionaryModelTests {
  /// Random operations on both, compared one by one.
  func compare<Key: Hashable & Sendable, Value: Sendable & Equatable>(
    steps: Int, keys: Int, seed: UInt64, key: (Int) -> Key, value: (Int) -> Value
  ) {
    var random = RandomSource(seed: seed)
    let subject = ConcurrentDictionary<Key, Value>()
    var model: [Key: Value] = [:]
    for step in 0..<steps {
      let key = key(Int.random(in: 0..<keys, using: &random))
      let value = value(step)
      switch Int.random(in: 0..<1000, using: &random) {
      case 0..<300:
        #expect(subject.updateValue(value, forKey: key) == model.updateValue(value, forKey: key))
      case 300..<500:
        #expect(subject.removeValue(forKey: key) == model.removeValue(forKey: key))
      case 500..<600:
        let expected = model[key] ?? value
        #expect(subject.value(forKey: key, insertingIfAbsent: value) == expected)
        model[key] = expected
      case 600..<700:
        let change: (inout Value?) -> Value? = { current in
          let old = current
          current = step % 3 == 0 ? nil : value
          return old
        }
        #expect(subject.withValue(forKey: key, change) == change(&model[key]))
      case 700..<750:
        let expected = step % 2 == 0 ? model[key] : value
        let exchanged = model[key] == expected
        let result = subject.compareExchange(forKey: key, expected: expected, desired: value)
        #expect(result.exchanged == exchanged && result.original == model[key])
        if exchanged { model[key] = value }
      case 755..<800:
        let isWanted = step % 2 == 0
        let removed = subject.removeValue(forKey: key, where: { _ in isWanted })
        #expect(removed == (isWanted ? model[key] : nil))
        if isWanted { model[key] = nil }
      case 750..<751:
        subject.removeAll()
        model.removeAll()
      case 751..<753:
        subject.shrink()
      case 753..<755:
        subject.reserveCapacity(keys)
      default:
        #expect(subject[key] == model[key])
      }
      #expect(subject.count == model.count)
    }
    #expect(subject.isEmpty == model.isEmpty)
    let entries = Array(subject)
    #expect(entries.count == model.count)
    #expect(Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) }) == model)
  }

  @Test(arguments: HashQuality.allCases, [10, 300])
  func `chosen hashes`(_ quality: HashQuality, keys: Int) {
    compare(steps: 6_000, keys: keys, seed: 1, key: { TestKey($0, quality) }, value: { $0 })
  }

  @Test(arguments: [20, 20_000])
  func integers(keys: Int) {
    compare(steps: 30_000, keys: keys, seed: 2, key: { $0 }, value: { $0 })
  }

  @Test func `small integers that share a word`() {
    compare(steps: 10_000, keys: 500, seed: 3, key: { Int32($0) }, value: { Int32($0) })
    compare(steps: 10_000, keys: 200, seed: 4, key: { UInt8($0) }, value: { Int16($0 & 0xFFF) })
  }

  @Test func `values of several words`() {
    struct Wide: Equatable { var a, b, c, d, e: Int }
    compare(
      steps: 10_000, keys: 400, seed: 5, key: { $0 },
      value: { Wide(a: $0, b: $0, c: $0, d: $0, e: $0) })
  }

  @Test func `values of no size`() {
    struct Nothing: Equatable {}
    compare(steps: 5_000, keys: 400, seed: 6, key: { $0 }, value: { _ in Nothing() })
  }

  @Test func `aligned values`() {
    compare(
      steps: 5_000, keys: 300, seed: 7, key: { UInt8($0 & 127) },
      value: { SIMD16<Int32>(repeating: Int32($0)) })
  }

  @Test(arguments: [50, 5_000])
  func strings(keys: Int) {
    compare(
      steps: 20_000, keys: keys, seed: 8, key: { "key number \($0), which is long" },
      value: { "value \($0) with a tail of its own" })
  }

  @Test func `canonically equivalent strings are one key`() {
    let dictionary = ConcurrentDictionary<String, Int>()
    dictionary.updateValue(1, forKey: "caf\u{E9}")
    #expect(dictionary["cafe\u{301}"] == 1)
    #expect(dictionary.updateValue(2, forKey: "cafe\u{301}") == 1)
    #expect(dictionary.count == 1)
  }

  @Test func `objects live as long as they are in the dictionary`() {
    let counter = LifetimeCounter()
    do {
      let dictionary = ConcurrentDictionary<Tracked, Tracked>()
      var random = RandomSource(seed: 9)
      for step in 0..<20_000 {
        let key = Int.random(in: 0..<3_000, using: &random)
        switch step % 4 {
        case 0, 1:
          dictionary.updateValue(Tracked(step, counter), forKey: Tracked(key, counter))
        case 2: dictionary.removeValue(forKey: Tracked(key, counter))
        default:
          if let value = dictionary[Tracked(key, counter)] { #expect(value.isWhole) }
        }
        if step % 5_000 == 4_999 { dictionary.shrink() }
      }
      dictionary.shrink()
      #expect(dictionary.statistics.reclamation.pending + 2 * dictionary.count == counter.count)
      dictionary.removeAll()
      dictionary.updateValue(Tracked(1, counter), forKey: Tracked(1, counter))
    }
    #expect(counter.count == 0)
  }

  @Test func `a closure that throws changes nothing`() {
    struct Failure: Error {}
    let dictionary = ConcurrentDictionary<String, [Int]>()
    dictionary.updateValue([1], forKey: "a")
    #expect(throws: Failure.self) {
      try dictionary.withValue(forKey: "a") { value in
        value?.append(2)
        throw Failure()
      }
    }
    #expect(throws: Failure.self) {
      try dictionary.value(forKey: "b", insertingIfAbsent: try { throw Failure() }())
    }
    #expect(dictionary["a"] == [1])
    #expect(dictionary["b"] == nil)
    #expect(dictionary.count == 1)
    // The lock is free again.
    dictionary.updateValue([3], forKey: "a", merging: +)
    #expect(dictionary["a"] == [1, 3])
  }

  @Test func `a closure may read, and change another dictionary`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    let other = ConcurrentDictionary<Int, Int>()
    dictionary.updateValue(1, forKey: 1)
    dictionary.withValue(forKey: 1) { value in
      other.updateValue(dictionary[1]! + dictionary.count, forKey: 1)
      value = 5
    }
    #expect(other[1] == 2 && dictionary[1] == 5)
  }

  @Test func `changing a dictionary from its own closure stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let dictionary = ConcurrentDictionary<Int, Int>()
      dictionary.withValue(forKey: 1) { _ in _ = dictionary.removeValue(forKey: 2) }
    }
  }

  @Test func `memory per entry stays the same while it grows`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    var worst = 0.0
    for number in 0..<400_000 {
      dictionary.updateValue(number, forKey: number)
      if number > 50_000 && number % 10_000 == 0 {
        worst = max(worst, Double(dictionary.statistics.bytes) / Double(dictionary.count))
      }
    }
    #expect(worst < 30)
  }

  @Test func `shrinking returns to the beginning`() {
    let dictionary = ConcurrentDictionary<Int, Int>()
    for number in 0..<50_000 { dictionary.updateValue(number, forKey: number) }
    for number in 100..<50_000 { dictionary.removeValue(forKey: number) }
    #expect(dictionary.statistics.segments > 10)
    dictionary.shrink()
    #expect(dictionary.statistics.segments == 1)
    #expect(dictionary.capacity < 500)
    #expect((0..<100).allSatisfy { dictionary[$0] == $0 })
    for number in 0..<50_000 { dictionary.updateValue(-number, forKey: number) }
    #expect((0..<50_000).allSatisfy { dictionary[$0] == -$0 })
  }

  @Test func `reserved room is not outgrown`() {
    let dictionary = ConcurrentDictionary<Int, Int>(minimumCapacity: 100_000)
    #expect(dictionary.capacity >= 100_000)
    let growths = dictionary.statistics.growths
    for number in 0..<100_000 { dictionary.updateValue(number, forKey: number) }
    #expect(dictionary.statistics.growths == growths)
  }

  @Test func `colliding keys make long chains, not endless growth`() {
    let dictionary = ConcurrentDictionary<TestKey, Int>()
    for number in 0..<1_000 { dictionary.updateValue(number, forKey: TestKey(number, .constant)) }
    #expect((0..<1_000).allSatisfy { dictionary[TestKey($0, .constant)] == $0 })
    #expect(dictionary.statistics.directorySlots <= 512)
    for number in 0..<1_000 { dictionary.removeValue(forKey: TestKey(number, .constant)) }
    #expect(dictionary.isEmpty)
    #expect(dictionary.statistics.overflowNodes < 1_000 / 3)
  }

  @Test func `segments lie where their keys do`() {
    // The places of a good hash: twice as many at the start as at the end.
    #expect(abs(HashParts.share(before: HashParts.positions) - 1) < 1e-9)
    var random = RandomSource(seed: 10)
    var counts = [Int](repeating: 0, count: 8)
    for _ in 0..<80_000 { counts[Int(HashParts(random.next()).position >> 29)] += 1 }
    for index in 0..<8 {
      let share =
        HashParts.share(before: UInt64(index + 1) << 29)
        - HashParts.share(before: UInt64(index) << 29)
      #expect(abs(Double(counts[index]) / 80_000 - share) < 0.01)
    }
    #expect(HashParts(.max).position < HashParts.positions)
  }
}
