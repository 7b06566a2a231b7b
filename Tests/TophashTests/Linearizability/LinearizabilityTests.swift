import Testing

@testable import Tophash
@testable import TophashLinearizability

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
      #expect(history.records.count == 1000)
      var checker = LinearizabilityChecker(MapModel())
      let violation = checker.violation(in: history)
      #expect(violation == nil, "round \(round)")
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

  @Test func `ShardedDictionary that grows meanwhile`() {
    check(ShardedDictionary<Int, Int>.self, rounds: 10, keys: 16, key: { $0 }) { dictionary in
      for number in 1000..<4000 { dictionary.updateValue(0, forKey: number) }
      for number in 1000..<4000 { dictionary.removeValue(forKey: number) }
    }
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
      var checker = LinearizabilityChecker(MapModel())
      guard let violation = checker.violation(in: history) else { continue }
      rejected += 1
      // What is shown is enough to see it.
      #expect(violation.records.count < 1000)
      var again = LinearizabilityChecker(MapModel())
      for state in violation.statesBefore {
        let isExplained = again.explains(violation.records, from: state)
        #expect(!isExplained)
      }
    }
    #expect(rejected > 0)
  }
}
