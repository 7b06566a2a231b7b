import Testing

@testable import Tophash

@Suite struct FailFastDictionaryIterationTests {
  @Test func `no key comes twice, none is lost, none comes after its removal`() {
    let seed = UInt64.random(in: .min ... .max)
    var numbers = SeededNumbers(seed: seed)
    for range in 0..<300 {
      let trail: Comment = "seed \(seed), range \(range)"
      let dictionary = FailFastDictionary<Int, Int>()
      let initial = Int.random(in: 1..<200, using: &numbers)
      for number in 0..<initial { dictionary[number] = number }
      var returned: Set<Int> = []
      var removed: Set<Int> = []
      var next = 1000
      for (key, value) in dictionary {
        #expect(returned.insert(key).inserted, trail)
        #expect(!removed.contains(key), trail)
        #expect(value == key, trail)
        for _ in 0..<Int.random(in: 0..<6, using: &numbers) where next < 3000 {
          dictionary[next] = next
          next += 1
        }
        for _ in 0..<Int.random(in: 0..<3, using: &numbers) {
          let victim = Int.random(in: 0..<initial, using: &numbers)
          if dictionary.removeValue(forKey: victim) != nil { removed.insert(victim) }
        }
      }
      #expect(Set(0..<initial).subtracting(returned).isSubset(of: removed), trail)
      #expect(dictionary.violation() == nil, trail)
    }
  }

  @Test func `an iteration survives several doublings`() {
    let dictionary = FailFastDictionary<String, Int>()
    for number in 0..<60 { dictionary["\(number)"] = number }
    var returned: [String: Int] = [:]
    for (key, value) in dictionary {
      #expect(returned.updateValue(value, forKey: key) == nil)
      if returned.count == 10 { for number in 60..<2000 { dictionary["\(number)"] = number } }
      // What has moved is returned as it is now.
      if returned.count == 20 { for number in 0..<2000 { dictionary["\(number)"]? += 10_000 } }
    }
    for number in 0..<60 { #expect(returned["\(number)"].map { $0 % 10_000 } == number) }
    #expect(returned.values.filter { $0 >= 10_000 }.count >= 40)
  }

  @Test(arguments: [true, false])
  func `clearing ends an iteration`(_ keepingCapacity: Bool) {
    for count in [20, 105, 300] {
      let dictionary = FailFastDictionary<Int, Int>()
      for number in 0..<count { dictionary[number] = number }
      var visited = 0
      for _ in dictionary {
        visited += 1
        if visited == 10 { dictionary.removeAll(keepingCapacity: keepingCapacity) }
      }
      #expect(visited == 10)
    }
  }

  @Test func `each key of a bucket is first as often as the others`() {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<8 { dictionary[number] = number }
    var counts = [Int](repeating: 0, count: 8)
    for _ in 0..<8000 { counts[dictionary.makeIterator().first!] += 1 }
    // 1000 expected each, with a standard deviation of 30.
    #expect(counts.allSatisfy { (800...1200).contains($0) })
    // The order is a rotation.
    let order = Array(dictionary.keys)
    let start = order.firstIndex(of: 0)!
    #expect(Array(order[start...] + order[..<start]) == Array(0..<8))
  }

  @Test func `keys that equal nothing come once each and go by clearing`() {
    let dictionary = FailFastDictionary<Double, Int>()
    for number in 0..<40 {
      dictionary[.nan] = number
      dictionary[Double(number)] = number
    }
    #expect(dictionary.count == 80)
    #expect(dictionary[.nan] == nil)
    #expect(dictionary.removeValue(forKey: .nan) == nil)
    var values: [Int] = []
    var numbers = 0
    for (key, value) in dictionary {
      if key.isNaN { values.append(value) } else { numbers += 1 }
      // Grows under the iteration.
      if values.count + numbers == 5 { for more in 100..<1000 { dictionary[-Double(more)] = more } }
      if values.count + numbers > 2000 { break }
    }
    #expect(values.sorted() == Array(0..<40))
    #expect(numbers >= 40)
    #expect(dictionary.violation() == nil)
    dictionary.removeAll(keepingCapacity: true)
    #expect(dictionary.isEmpty)
    #expect(Array(dictionary.values) == [])
  }

  @Test func `an empty dictionary has nothing to iterate`() {
    #expect(FailFastDictionary<Int, Int>().map(\.key) == [])
    let dictionary = FailFastDictionary<Int, Int>()
    var iterator = dictionary.makeIterator()
    dictionary[1] = 1
    #expect(iterator.next() == nil)
  }
}

extension FailFastDictionary.Iterator where Key == Int {
  fileprivate var first: Int? {
    var copy = self
    return copy.next()?.key
  }
}
