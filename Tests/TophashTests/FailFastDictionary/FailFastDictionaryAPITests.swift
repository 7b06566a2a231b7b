import Testing

@testable import Tophash

@Suite struct FailFastDictionaryAPITests {
  @Test func `builds from literals, pairs, groups and dictionaries`() {
    let ages: FailFastDictionary = ["Ann": 41, "Bob": 7]
    #expect(ages["Ann"] == 41)
    #expect(FailFastDictionary(uniqueKeysWithValues: [("Bob", 7), ("Ann", 41)]) == ages)
    #expect(FailFastDictionary(["Ann": 41, "Bob": 7] as Dictionary) == ages)
    #expect(
      FailFastDictionary([("a", 1), ("b", 2), ("a", 3)], uniquingKeysWith: +) == ["a": 4, "b": 2])
    #expect(FailFastDictionary(grouping: 1...5, by: { $0 % 2 }) == [0: [2, 4], 1: [1, 3, 5]])
  }

  @Test func `transforms into other dictionaries`() {
    let squares = FailFastDictionary(uniqueKeysWithValues: (1...4).map { ($0, $0 * $0) })
    #expect(squares.mapValues { $0 + 1 } == [1: 2, 2: 5, 3: 10, 4: 17])
    #expect(squares.filter { $0.key > 2 } == [3: 9, 4: 16])
    #expect(squares.compactMapValues { $0 > 4 ? "\($0)" : nil } == [3: "9", 4: "16"])
    #expect(squares.merging([(4, 1), (5, 25)]) { $0 - $1 } == [1: 1, 2: 4, 3: 9, 4: 15, 5: 25])
    #expect(squares.count == 4)
    #expect(Set(squares.keys) == [1, 2, 3, 4])
    #expect(squares.keys.contains(3))
    #expect(!squares.keys.contains(5))
    #expect(squares.values.sorted() == [1, 4, 9, 16])
  }

  @Test func `two variables name one dictionary, and a copy is another`() {
    let first: FailFastDictionary = [1: "one"]
    let second = first
    let copy = first.copy()
    second[2] = "two"
    #expect(first[2] == "two")
    #expect(copy[2] == nil)
    #expect(first != copy)
  }

  @Test func `a missing value is made once`() throws {
    let dictionary = FailFastDictionary<String, Int>()
    // What makes it may use the dictionary.
    let made = dictionary.value(forKey: "a") {
      dictionary["b"] = 2
      return dictionary.count
    }
    #expect(made == 1)
    #expect(dictionary.value(forKey: "a") { 99 } == 1)
    #expect(dictionary == ["a": 1, "b": 2])
  }

  @Test func `a modification that throws leaves what it had`() {
    struct Failure: Error {}
    let dictionary: FailFastDictionary = [1: [1]]
    func fail(_ value: inout [Int]?) throws {
      value?.append(2)
      throw Failure()
    }
    #expect(throws: Failure.self) { try fail(&dictionary[1]) }
    #expect(throws: Failure.self) { try fail(&dictionary[2]) }
    #expect(dictionary == [1: [1, 2]])
    #expect(dictionary.violation() == nil)
  }

  @Test func `prints like Dictionary`() {
    #expect("\(FailFastDictionary<Int, Int>())" == "[:]")
    #expect("\(["a": 1] as FailFastDictionary)" == "[a: 1]")
    #expect(String(reflecting: ["a": 1] as FailFastDictionary) == "[\"a\": 1]")
  }

  @Test func `statistics say what the table is made of`() {
    let dictionary = FailFastDictionary<Int, Int>(minimumCapacity: 100)
    dictionary[1] = 1
    #expect(
      dictionary.statistics
        == FailFastDictionaryStatistics(
          count: 1, bucketExponent: 4, bucketCount: 16, overflowBucketCount: 0, capacity: 104,
          byteCount: 16 * (16 + 8 * 16), growth: nil, doublingCount: 0, sameSizeGrowthCount: 0,
          evacuationCount: 0))
  }
}
