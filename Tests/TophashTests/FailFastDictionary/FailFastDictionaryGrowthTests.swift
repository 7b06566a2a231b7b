import Testing

@testable import Tophash

/// The table grows as Go's map up to 1.23 does.
@Suite struct FailFastDictionaryGrowthTests {
  @Test func `doubles at the insertions at which Go's map doubles`() {
    let dictionary = FailFastDictionary<Int, Int>()
    var doublings: [Int] = []
    for number in 1...2000 {
      let before = dictionary.statistics.bucketExponent
      dictionary[number] = number
      if dictionary.statistics.bucketExponent > before { doublings.append(number) }
    }
    #expect(doublings == [9, 14, 27, 53, 105, 209, 417, 833, 1665])
    #expect(dictionary.statistics.sameSizeGrowthCount == 0)
  }

  @Test func `one and two buckets are evacuated within the insertion that doubles them`() {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 1...9 { dictionary[number] = number }
    #expect(dictionary.statistics.growth == nil)
    for number in 10...14 { dictionary[number] = number }
    #expect(dictionary.statistics.growth == nil)
    for number in 15...27 { dictionary[number] = number }
    #expect(dictionary.statistics.growth?.oldBucketCount == 4)
    dictionary[28] = 28
    #expect(dictionary.statistics.growth == nil)
  }

  @Test(arguments: [
    (0, 0), (8, 0), (9, 1), (13, 1), (14, 2), (26, 2), (27, 3), (53, 4), (105, 5), (209, 6),
    (417, 7),
    (833, 8), (1665, 9),
  ])
  func `a capacity asked for gets the fewest buckets that hold it`(_ capacity: Int, _ exponent: Int)
  {
    let dictionary = FailFastDictionary<Int, Int>(minimumCapacity: capacity)
    #expect(dictionary.statistics.bucketExponent == exponent)
    for number in 0..<capacity { dictionary[number] = number }
    #expect(dictionary.statistics.doublingCount == 0)
    let reserved = FailFastDictionary<Int, Int>()
    reserved[0] = 0
    reserved.reserveCapacity(capacity)
    #expect(reserved.statistics.bucketExponent == exponent)
    #expect(reserved[0] == 0)
  }

  @Test func `a change evacuates at most two old buckets and reading none`() throws {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 1...833 { dictionary[number] = number }
    try #require(dictionary.statistics.growth != nil)
    let evacuated = dictionary.statistics.evacuationCount
    for _ in 0..<100 { #expect((1...833).allSatisfy { dictionary[$0] == $0 }) }
    #expect(dictionary.allSatisfy { $0.key == $0.value })
    #expect(dictionary.count == 833)
    #expect(dictionary.statistics.evacuationCount == evacuated)

    var steps: [Int] = []
    var last = evacuated
    var absent = 10_000
    while dictionary.statistics.growth != nil {
      // Removing a key that is not there is a change as well.
      dictionary.removeValue(forKey: absent)
      absent += 1
      steps.append(dictionary.statistics.evacuationCount - last)
      last += steps.last!
    }
    #expect(steps == [Int](repeating: 2, count: 63))
    // Arrays of 1, 2, 4, … 128 buckets.
    #expect(dictionary.statistics.evacuationCount == 255)
    #expect(dictionary.violation() == nil)
  }

  @Test func `churn packs the table instead of letting it grow`() {
    // Consecutive numbers would spread too evenly to need overflow buckets.
    var numbers = SeededNumbers(seed: 1)
    let keys = (0..<200_000).map { _ in Int.random(in: .min ... .max, using: &numbers) }
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<100 { dictionary[keys[number]] = number }
    #expect(dictionary.statistics.bucketExponent == 4)
    var mostOverflow = 0
    for number in 100..<200_000 {
      dictionary.removeValue(forKey: keys[number - 100])
      dictionary[keys[number]] = number
      mostOverflow = max(mostOverflow, dictionary.statistics.overflowBucketCount)
    }
    #expect(dictionary.statistics.bucketExponent == 4)
    #expect(dictionary.statistics.doublingCount == 4)
    #expect(dictionary.statistics.sameSizeGrowthCount > 50)
    #expect(mostOverflow <= 17)
    #expect(dictionary.violation() == nil)
  }

  @Test func `removing empties the end of a chain as far back as it can`() {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<6 { dictionary[number] = number }
    func cells() -> String {
      let line = dictionary.dump().split(separator: "\n")[1].dropFirst(3)
      return line.split(separator: " ").map { $0.count == 2 ? "full" : String($0) }.joined(
        separator: " ")
    }
    #expect(cells() == "full full full full full full . .")
    dictionary[2] = nil
    #expect(cells() == "full full - full full full . .")
    dictionary[4] = nil
    #expect(cells() == "full full - full - full . .")
    dictionary[5] = nil
    #expect(cells() == "full full - full . . . .")
    dictionary[9] = 9
    #expect(cells() == "full full full full . . . .")
    for key in [9, 1, 0, 3] { dictionary[key] = nil }
    #expect(cells() == ". . . . . . . .")
  }

  @Test func `removing empties the end of a chain across overflow buckets`() {
    let dictionary = FailFastDictionary<TestKey, Int>(minimumCapacity: 26)
    let keys = (0..<20).map { TestKey($0, .constant) }
    for key in keys { dictionary[key] = key.number }
    func shape() -> String {
      let line = dictionary.dump().split(separator: "\n").dropFirst().max { $0.count < $1.count }!
      return line.split(separator: " ").dropFirst().map { $0.count == 2 ? "f" : String($0) }
        .joined()
    }
    #expect(shape() == "ffffffff+ffffffff+ffff....")
    for key in keys[3..<19] { dictionary[key] = nil }
    #expect(shape() == "fff-----+--------+---f....")
    dictionary[keys[19]] = nil
    #expect(shape() == "fff.....+........+........")
    #expect(dictionary.violation() == nil)
  }

  @Test func `clearing keeps the array or gives it up`() {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<500 { dictionary[number] = number }
    let exponent = dictionary.statistics.bucketExponent
    dictionary.removeAll(keepingCapacity: true)
    #expect(dictionary.statistics.bucketExponent == exponent)
    #expect(dictionary.statistics.growth == nil)
    #expect(dictionary.isEmpty)
    dictionary[1] = 1
    dictionary.removeAll()
    #expect(dictionary.statistics.bucketCount == 0)
    dictionary[2] = 2
    #expect(Array(dictionary.keys) == [2])
  }

  @Test func `an emptied dictionary hashes anew`() {
    let dictionary = FailFastDictionary<Int, Int>()
    dictionary[1] = 1
    let hash = dictionary.hash(of: 1)
    dictionary[1] = nil
    #expect(dictionary.hash(of: 1) != hash)
    #expect(
      FailFastDictionary<Int, Int>().hash(of: 1) != FailFastDictionary<Int, Int>().hash(of: 1))
  }
}
