import Testing

@testable import Tophash

/// Random operations, one by one, against `Dictionary`.
@Suite struct ReadMostlyDictionaryModelTests {
  @Test(arguments: HashQuality.allCases, [KeyHashing.fast, .keyed])
  func `does what Dictionary does`(_ quality: HashQuality, _ hashing: KeyHashing) {
    let range = quality == .good ? 200 : 40
    for seed in 0..<20 as Range<UInt64> {
      var random = RandomSource(seed: seed)
      let dictionary = ReadMostlyDictionary<TestKey, Int>(hashing: hashing)
      var model: [TestKey: Int] = [:]
      for step in 0..<1_000 {
        let key = TestKey(.random(in: 0..<range, using: &random), quality)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30:
          #expect(dictionary.updateValue(step, forKey: key) == model.updateValue(step, forKey: key))
        case 30..<55:
          #expect(dictionary.removeValue(forKey: key) == model.removeValue(forKey: key))
        case 55..<65:
          let value: Int
          if Bool.random(using: &random) {
            let inserted: Bool
            (inserted, value) = dictionary.insertValue(step, forKey: key)
            #expect(inserted == (model[key] == nil))
          } else {
            value = dictionary.value(forKey: key, insertingIfAbsent: step)
          }
          #expect(value == model[key] ?? step)
          model[key] = value
        case 65..<72:
          let guess = [model[key], step, nil].randomElement(using: &random)!
          let desired = Bool.random(using: &random) ? step : nil
          let (exchanged, original) = dictionary.compareExchange(
            forKey: key, expected: guess, desired: desired)
          #expect(original == model[key])
          #expect(exchanged == (model[key] == guess))
          if exchanged { model[key] = desired }
        case 72..<78:
          let guess = Bool.random(using: &random) ? model[key] ?? step : step
          let removed = dictionary.removeValue(forKey: key, ifEqualTo: guess)
          #expect(removed == (model[key] == guess))
          if removed { model[key] = nil }
        case 78..<88:
          let new = Bool.random(using: &random) ? step : nil
          let old = dictionary.withValue(forKey: key) { value in
            defer { value = new }
            return value
          }
          #expect(old == model[key])
          model[key] = new
        case 88..<98:
          #expect(dictionary[key] == model[key])
        case 98:
          #expect(Dictionary(uniqueKeysWithValues: dictionary.map { ($0, $1) }) == model)
        default:
          dictionary.removeAll()
          model.removeAll()
        }
        #expect(dictionary.count == model.count)
        #expect(dictionary.isEmpty == model.isEmpty)
      }
      #expect(dictionary.violations == [])
      for number in 0..<range {
        #expect(dictionary[TestKey(number, quality)] == model[TestKey(number, quality)])
      }
      #expect(Dictionary(uniqueKeysWithValues: dictionary.map { ($0, $1) }) == model)
    }
  }

  @Test func `keeps a hundred thousand entries and gives all nodes back`() {
    let dictionary = ReadMostlyDictionary<Int, Int>()
    for number in 0..<100_000 { dictionary.updateValue(number, forKey: number) }
    #expect(dictionary.violations == [])
    #expect(dictionary.statistics.entries == 100_000)
    #expect(dictionary.statistics.branches > 1_000)
    for number in 0..<100_000 { #expect(dictionary.removeValue(forKey: number) == number) }
    #expect(dictionary.isEmpty)
    #expect(dictionary.statistics.branches == 1)
    #expect(dictionary.violations == [])
  }

  @Test func `is made from a literal or a sequence, the last value of a key counting`() {
    let literal: ReadMostlyDictionary = ["one": 1, "two": 2, "one": 3]
    #expect(literal.count == 2)
    #expect(literal["one"] == 3)
    let copy = ReadMostlyDictionary(literal)
    #expect(Dictionary(uniqueKeysWithValues: copy.map { ($0, $1) }) == ["one": 3, "two": 2])
    let keyed = ReadMostlyDictionary(["one": 1].lazy.map { (key: $0, value: $1) }, hashing: .keyed)
    #expect(keyed["one"] == 1)
  }

  @Test func `canonically equivalent strings are one key`() {
    let dictionary = ReadMostlyDictionary<String, Int>()
    dictionary.updateValue(1, forKey: "caf\u{E9}")
    #expect(dictionary.updateValue(2, forKey: "cafe\u{301}") == 1)
    #expect(dictionary.count == 1)
  }

  @Test func `nil can be a value, and is not absence`() {
    let dictionary = ReadMostlyDictionary<String, Int?>()
    #expect(dictionary.updateValue(nil, forKey: "a") == .none)
    #expect(dictionary["a"] == .some(.none))
    #expect(dictionary.count == 1)
    let null = Int??.some(nil)
    #expect(!dictionary.compareExchange(forKey: "a", expected: .none, desired: 1).exchanged)
    #expect(dictionary.compareExchange(forKey: "a", expected: null, desired: 1).exchanged)
    #expect(!dictionary.compareExchange(forKey: "b", expected: null, desired: 1).exchanged)
    #expect(!dictionary.removeValue(forKey: "b", ifEqualTo: nil))
    #expect(dictionary["a"] == 1)
  }

  @Test func `the value to insert is evaluated only if the key is absent`() {
    let dictionary: ReadMostlyDictionary = ["a": 1]
    var evaluations = 0
    func make() -> Int {
      evaluations += 1
      return 7
    }
    #expect(dictionary.value(forKey: "a", insertingIfAbsent: make()) == 1)
    #expect(evaluations == 0)
    #expect(dictionary.value(forKey: "b", insertingIfAbsent: make()) == 7)
    #expect(evaluations == 1)
  }

  @Test func `what throws changes nothing`() {
    struct Refusal: Error {}
    let dictionary: ReadMostlyDictionary = ["a": 1]
    #expect(throws: Refusal.self) {
      try dictionary.withValue(forKey: "a") { (value: inout Int?) throws(Refusal) in
        value = nil
        throw Refusal()
      }
    }
    func refuse() throws -> Int { throw Refusal() }
    #expect(throws: Refusal.self) { try dictionary.value(forKey: "b", insertingIfAbsent: refuse()) }
    #expect(dictionary.map { $0.key } == ["a"])
  }

  @Test func `closures, equality and destruction may use the dictionary`() {
    final class Nosy: Hashable, Sendable {
      let number: Int
      let dictionary: ReadMostlyDictionary<Nosy, Nosy>
      init(_ number: Int, _ dictionary: ReadMostlyDictionary<Nosy, Nosy>) {
        self.number = number
        self.dictionary = dictionary
      }
      static func == (a: Nosy, b: Nosy) -> Bool {
        _ = a.dictionary.count
        return a.number == b.number
      }
      func hash(into hasher: inout Hasher) { hasher.combine(dictionary.count & 0) }
    }
    let dictionary = ReadMostlyDictionary<Nosy, Nosy>()
    for number in 0..<10 {
      let nosy = Nosy(number, dictionary)
      dictionary.withValue(forKey: nosy) { value in
        #expect(dictionary[nosy] === value)
        value = nosy
      }
    }
    #expect(dictionary.count == 10)
    dictionary.removeAll()
  }
}
