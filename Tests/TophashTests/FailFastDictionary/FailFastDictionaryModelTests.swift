import Testing

@testable import Tophash

/// Random operations on a `FailFastDictionary` and a `Dictionary` give the same results.
@Suite struct FailFastDictionaryModelTests {
  @Test(arguments: HashQuality.allCases, [3, 40, 700])
  func `every operation does what Dictionary does`(_ quality: HashQuality, _ keyCount: Int) throws {
    let seed = UInt64.random(in: .min ... .max)
    let trail = "seed \(seed), \(quality), \(keyCount) keys"
    var numbers = SeededNumbers(seed: seed)
    let dictionary = FailFastDictionary<TestKey, Int>()
    var model: [TestKey: Int] = [:]
    let steps = quality == .good ? 6000 : 2000
    for step in 0..<steps {
      let key = TestKey(.random(in: 0..<keyCount, using: &numbers), quality)
      switch Int.random(in: 0..<100, using: &numbers) {
      case 0..<25:
        #expect(
          dictionary.updateValue(step, forKey: key) == model.updateValue(step, forKey: key),
          "\(trail)")
      case 25..<50:
        #expect(dictionary.removeValue(forKey: key) == model.removeValue(forKey: key), "\(trail)")
      case 50..<60:
        dictionary[key] = step
        model[key] = step
      case 60..<68:
        dictionary[key, default: 7] += step
        model[key, default: 7] += step
      case 68..<76:
        // In place: changes, removes or inserts.
        let change: (inout Int?) -> Void = { $0 = $0.map { $0 % 3 == 0 ? nil : $0 + 1 } ?? step }
        change(&dictionary[key])
        change(&model[key])
      case 76..<80:
        dictionary[key] = nil
        model[key] = nil
      case 80..<96:
        #expect(dictionary[key] == model[key], "\(trail)")
        #expect(dictionary.contains(key) == (model[key] != nil), "\(trail)")
      case 96:
        let pairs = Array(dictionary)
        #expect(pairs.count == model.count, "\(trail)")
        #expect(
          Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, $0.value) }) == model, "\(trail)")
      case 97:
        #expect(dictionary.copy() == dictionary, "\(trail)")
      case 98:
        if Int.random(in: 0..<10, using: &numbers) == 0 {
          let keeping = Bool.random(using: &numbers)
          dictionary.removeAll(keepingCapacity: keeping)
          model.removeAll()
        }
      default:
        dictionary.reserveCapacity(.random(in: 0..<2 * keyCount, using: &numbers))
      }
      #expect(dictionary.count == model.count, "\(trail)")
      if step % 50 == 0 { try #require(dictionary.violation() == nil, "\(trail), step \(step)") }
    }
    #expect(dictionary.violation() == nil, "\(trail)")
    #expect(
      Dictionary(uniqueKeysWithValues: dictionary.map { ($0.key, $0.value) }) == model, "\(trail)")
  }

  @Test func `keys and values of every layout are kept apart`() {
    let bytes = FailFastDictionary<UInt8, Bool>()
    let strings = FailFastDictionary<String, [Int]>()
    let nothing = FailFastDictionary<Int, Void>()
    let wide = FailFastDictionary<Int, (Int, Int, Int, Int, Int, Int, Int, Int, UInt8)>()
    let functions = FailFastDictionary<Int, () -> Int>()
    for number in 0..<256 {
      bytes[UInt8(number)] = number % 2 == 0
      strings["key \(number)", default: []].append(number)
      strings["key \(number)", default: []].append(number + 1)
      nothing[number] = ()
      wide[number] = (number, 0, 0, 0, 0, 0, 0, number, 9)
      functions[number] = { number }
    }
    for number in 0..<256 {
      #expect(bytes[UInt8(number)] == (number % 2 == 0))
      #expect(strings["key \(number)"] == [number, number + 1])
      #expect(nothing[number] != nil)
      #expect(wide[number]?.7 == number)
      #expect(functions[number]?() == number)
    }
  }

  @Test func `pages are used and given back`() {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<200_000 { dictionary[number] = -number }
    for number in 0..<200_000 where number % 3 == 0 { dictionary[number] = nil }
    #expect(dictionary.count == 133_333)
    #expect(dictionary.violation() == nil)
    #expect((0..<200_000).allSatisfy { dictionary[$0] == ($0 % 3 == 0 ? nil : -$0) })
    #expect(dictionary.statistics.byteCount > 133_333 * 16)
  }

  @Test(arguments: [KeyHashing.fast, .keyed])
  func `either hashing finds equal strings`(_ hashing: KeyHashing) {
    let dictionary = FailFastDictionary<String, Int>(hashing: hashing)
    dictionary["caf\u{e9}"] = 1
    #expect(dictionary["cafe\u{301}"] == 1)
    dictionary["cafe\u{301}"] = 2
    #expect(dictionary.count == 1)
  }
}
