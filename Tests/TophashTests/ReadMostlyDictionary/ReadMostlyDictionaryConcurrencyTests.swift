import Synchronization
import Testing
import TophashLinearizability

@testable import Tophash

@Suite struct ReadMostlyDictionaryConcurrencyTests {
  @Test(arguments: HashQuality.allCases)
  func `no update is lost`(_ quality: HashQuality) {
    let dictionary = ReadMostlyDictionary<TestKey, Int>()
    let keys = 10
    let steps = 3_000
    onThreads(4) { thread in
      for step in 0..<steps {
        let key = TestKey(step % keys, quality)
        if thread % 2 == 0 {
          dictionary.withValue(forKey: key) { $0 = ($0 ?? 0) + 1 }
        } else {
          var value = dictionary.value(forKey: key, insertingIfAbsent: 0)
          while true {
            let (exchanged, original) = dictionary.compareExchange(
              forKey: key, expected: value, desired: value + 1)
            if exchanged { break }
            value = original!
          }
        }
      }
    }
    #expect(dictionary.map { $0.value } == Array(repeating: 4 * steps / keys, count: keys))
    #expect(dictionary.violations == [])
  }

  @Test(arguments: HashQuality.allCases)
  func `of tasks that insert, update or remove at once, one wins`(_ quality: HashQuality) {
    let keys = quality == .good ? 5_000 : 300
    let dictionary = ReadMostlyDictionary<TestKey, Int>()
    let inserted = Tally()
    let removed = Tally()
    onThreads(4) { thread in
      for number in 0..<keys {
        let key = TestKey(number, quality)
        let (isNew, value) = dictionary.insertValue(thread, forKey: key)
        #expect(isNew ? value == thread : true)
        if isNew { inserted.add(1) }
      }
    }
    #expect(inserted.sum == keys)
    #expect(dictionary.count == keys)
    #expect(dictionary.violations == [])
    onThreads(4) { thread in
      for number in 0..<keys {
        let key = TestKey(number, quality)
        if thread < 2 {
          if dictionary.removeValue(forKey: key) != nil { removed.add(1) }
        } else {
          if let value = dictionary[key], dictionary.removeValue(forKey: key, ifEqualTo: value) {
            removed.add(1)
          }
        }
      }
    }
    #expect(removed.sum == keys)
    #expect(dictionary.isEmpty)
    #expect(dictionary.statistics.branches == 1)
  }

  /// Keys whose hashes begin alike: insertions and removals build and take down the same branches.
  @Test func `branches come and go without losing a key`() {
    let dictionary = ReadMostlyDictionary<Int, Int>()
    let perThread = 8
    onThreads(4) { thread in
      for step in 0..<20_000 {
        let key = thread * perThread + step % perThread
        #expect(dictionary.updateValue(step, forKey: key) == nil)
        #expect(dictionary[key] == step)
        #expect(dictionary.removeValue(forKey: key) == step)
        #expect(dictionary[key] == nil)
      }
    }
    #expect(dictionary.isEmpty)
    #expect(dictionary.violations == [])
  }

  @Test func `what was done before a change is visible to those who see the change`() {
    final class Cell: @unchecked Sendable { var number = 0 }  // guarded by the dictionary's promise
    let dictionary = ReadMostlyDictionary<Int, Cell>()
    let rounds = 5_000
    onThreads(2) { thread in
      for round in 0..<rounds {
        if thread == 0 {
          let cell = Cell()
          cell.number = round
          dictionary.updateValue(cell, forKey: round)
        } else {
          while true {
            guard let cell = dictionary[round] else { continue }
            #expect(cell.number == round)
            break
          }
        }
      }
    }
  }

  /// A key's own task is the only one to change it, so it knows what must be there. Others clear.
  @Test func `removeAll removes what came before it, and nothing that came after`() {
    let dictionary = ReadMostlyDictionary<Int, Int>()
    let cleared = Atomics()
    onThreads(4) { thread in
      if thread == 0 {
        for _ in 0..<500 {
          cleared.begun.wrappingAdd(1, ordering: .sequentiallyConsistent)
          dictionary.removeAll()
          cleared.ended.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
      } else {
        for step in 0..<20_000 {
          let key = thread * 100 + step % 100
          let ended = cleared.ended.load(ordering: .sequentiallyConsistent)
          dictionary.updateValue(step, forKey: key)
          let value = dictionary[key]
          let begun = cleared.begun.load(ordering: .sequentiallyConsistent)
          #expect(value == step || value == nil && begun > ended)
        }
      }
    }
    #expect(dictionary.violations == [])
  }

  static let rounds = 30

  /// Histories of 1,000 operations by 4 threads, of which each must have an explanation.
  func expectLinearizable<Key>(
    keys: Int, key: @escaping @Sendable (Int) -> Key,
    background: (@Sendable (ReadMostlyDictionary<Key, Int>) -> Void)? = nil
  ) {
    for round in 0..<Self.rounds {
      let dictionary = ReadMostlyDictionary<Key, Int>()
      let work = background.map { background in { @Sendable in background(dictionary) } }
      let history = Stress(keys: keys, seed: UInt64(round)).run(
        dictionary, key: key, background: work)
      #expect(history.records.count == 1_000)
      var checker = LinearizabilityChecker(MapModel())
      let violation = checker.violation(in: history)
      #expect(violation == nil, "round \(round)")
      #expect(dictionary.violations == [])
    }
  }

  @Test func `is linearizable`() {
    expectLinearizable(keys: 8, key: { $0 })
  }

  @Test func `is linearizable with strings`() {
    expectLinearizable(keys: 8, key: { "a key that is stored elsewhere, number \($0)" })
  }

  @Test(arguments: [HashQuality.truncated, .constant])
  func `is linearizable within a leaf`(_ quality: HashQuality) {
    expectLinearizable(keys: 16, key: { TestKey($0, quality) })
  }

  @Test func `is linearizable while branches come and go`() {
    expectLinearizable(keys: 16, key: { $0 }) { dictionary in
      for number in 1_000..<2_000 { dictionary.updateValue(0, forKey: number) }
      for number in 1_000..<2_000 { dictionary.removeValue(forKey: number) }
    }
  }

  private final class Tally: Sendable {
    private let cell = Atomic(0)
    var sum: Int { cell.load(ordering: .sequentiallyConsistent) }
    func add(_ amount: Int) { cell.wrappingAdd(amount, ordering: .relaxed) }
  }

  private final class Atomics: Sendable {
    let begun = Atomic(0)
    let ended = Atomic(0)
  }
}
