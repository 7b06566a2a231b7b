import Testing

@testable import Tophash

@Suite struct LinearizabilityTests {
  /// Histories of 1,000 operations by 4 tasks must have an explanation, found with few states.
  func check<Dictionary: SharedDictionary>(
    _ type: Dictionary.Type, rounds: Int, keys: Int = 8,
    key: @escaping @Sendable (Int) -> Dictionary.Key,
    background: (@Sendable (Dictionary) -> Void)? = nil
  ) {
    for round in 0..<rounds {
      let dictionary = Dictionary()
      let stress = Stress(keys: keys, seed: UInt64(round))
      var work: (@Sendable () -> Void)? = nil
      if let background { work = { background(dictionary) } }
      let history = stress.run(dictionary, key: key, background: work)
      #expect(history.count == 1000)
      var checker = LinearizabilityChecker()
      #expect(checker.check(history) == .linearizable, "round \(round)")
      #expect(checker.states < 100_000)
    }
  }

  static let rounds = 30

  @Test func `ConcurrentDictionary of integers`() {
    check(ConcurrentDictionary<Int, Int>.self, rounds: Self.rounds, key: { $0 })
  }

  @Test func `ConcurrentDictionary, everything in one chain`() {
    check(
      ConcurrentDictionary<TestKey, Int>.self, rounds: Self.rounds, keys: 24,
      key: { TestKey($0, .constant) })
  }

  @Test func `ConcurrentDictionary of strings`() {
    check(
      ConcurrentDictionary<String, Int>.self, rounds: Self.rounds,
      key: { "a key that is stored elsewhere, number \($0)" })
  }

  @Test func `ConcurrentDictionary that grows and shrinks meanwhile`() {
    check(ConcurrentDictionary<Int, Int>.self, rounds: Self.rounds, keys: 16, key: { $0 }) {
      dictionary in
      for number in 1000..<4000 { dictionary.updateValue(0, forKey: number) }
      for number in 1000..<4000 { dictionary.removeValue(forKey: number) }
      dictionary.shrink()
    }
  }

  @Test func `ConcurrentDictionary under a flood of collisions`() {
    check(
      ConcurrentDictionary<TestKey, Int>.self, rounds: 10, keys: 16,
      key: { TestKey($0, .truncated) }
    ) { dictionary in
      for number in 100..<200 { dictionary.updateValue(0, forKey: TestKey(number, .truncated)) }
      for number in 100..<200 { dictionary.removeValue(forKey: TestKey(number, .truncated)) }
      dictionary.shrink()
    }
  }

  @Test func `ShardedDictionary of integers`() {
    check(ShardedDictionary<Int, Int>.self, rounds: 10, key: { $0 })
  }

  @Test func `LockedDictionary of integers`() {
    check(LockedDictionary<Int, Int>.self, rounds: 10, key: { $0 })
  }

  @Test(arguments: BrokenDictionary.Flaw.allCases)
  func `a broken dictionary is found out`(_ flaw: BrokenDictionary.Flaw) {
    var rejected = 0
    for round in 0..<20 {
      let history = Stress(keys: 2, seed: UInt64(round)).run(
        BrokenDictionary(flaw), key: { $0 })
      var checker = LinearizabilityChecker()
      if checker.check(history) != .linearizable { rejected += 1 }
    }
    #expect(rejected > 0)
  }

  // MARK: The checker itself

  func operation(
    _ operation: KeyOperation, _ result: Int?, _ call: UInt64, _ end: UInt64, key: Int = 0
  ) -> RecordedOperation {
    RecordedOperation(task: 0, key: key, operation: operation, result: result, call: call, end: end)
  }

  func verdict(_ history: [RecordedOperation]) -> LinearizabilityChecker.Verdict {
    var checker = LinearizabilityChecker()
    return checker.check(history)
  }

  @Test func `a read sees what was written before`() {
    #expect(verdict([operation(.set(1), nil, 0, 1), operation(.read, 1, 2, 3)]) == .linearizable)
    #expect(
      verdict([operation(.set(1), nil, 0, 1), operation(.read, nil, 2, 3)]) == .violated(key: 0))
  }

  @Test func `overlapping operations may come in either order`() {
    for seen in [nil, 1] {
      #expect(
        verdict([operation(.set(1), nil, 0, 5), operation(.read, seen, 2, 3)]) == .linearizable)
    }
    // But all readers agree: one that comes later does not see an older value.
    #expect(
      verdict([
        operation(.set(1), nil, 0, 9), operation(.read, 1, 1, 2), operation(.read, nil, 3, 4),
      ]) == .violated(key: 0))
  }

  @Test func `two tasks cannot both insert`() {
    #expect(
      verdict([
        operation(.insertIfAbsent(1), 1, 0, 5), operation(.insertIfAbsent(2), 2, 0, 5),
      ]) == .violated(key: 0))
  }

  @Test func `the key at fault is named`() {
    #expect(
      verdict([
        operation(.set(1), nil, 0, 1, key: 3), operation(.read, 1, 2, 3, key: 3),
        operation(.add(1), nil, 0, 1, key: 7), operation(.add(1), nil, 2, 3, key: 7),
      ]) == .violated(key: 7))
  }
}
