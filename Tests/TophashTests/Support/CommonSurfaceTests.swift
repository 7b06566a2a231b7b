import Testing

@testable import Tophash

/// What can be put in each other's place does the same: all shared dictionaries, against `Dictionary`.
@Suite struct CommonSurfaceTests {
  func compare<Subject: SharedDictionary<TestKey>>(
    _ type: Subject.Type, _ quality: HashQuality, steps: Int = 3_000
  ) {
    let seed = UInt64.random(in: .min ... .max)
    let trail: Comment = "\(Subject.self), \(quality), seed \(seed)"
    var random = RandomSource(seed: seed)
    let subject = Subject()
    var model: [TestKey: Int] = [:]
    for step in 0..<steps {
      let key = TestKey(.random(in: 0..<(quality == .good ? 300 : 40), using: &random), quality)
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<30:
        #expect(
          subject.updateValue(step, forKey: key) == model.updateValue(step, forKey: key), trail)
      case 30..<50:
        #expect(subject.removeValue(forKey: key) == model.removeValue(forKey: key), trail)
      case 50..<60:
        let expected = model[key] ?? step
        #expect(subject.value(forKey: key, insertingIfAbsent: step) == expected, trail)
        model[key] = expected
      case 60..<70:
        let change: (inout Int?) -> Int? = { value in
          defer { value = step % 3 == 0 ? nil : (value ?? 0) + 1 }
          return value
        }
        #expect(subject.withValue(forKey: key, change) == change(&model[key]), trail)
      case 70..<80:
        let expected = step % 2 == 0 ? model[key] : step
        let desired = step % 5 == 0 ? nil : step
        let (exchanged, original) = subject.compareExchange(
          forKey: key, expected: expected, desired: desired)
        #expect(exchanged == (model[key] == expected) && original == model[key], trail)
        if exchanged { model[key] = desired }
      case 80:
        #expect(
          Dictionary(uniqueKeysWithValues: subject.entries.map { ($0.0, $0.1) }) == model, trail)
      case 81 where step % 4 == 0:
        subject.removeAll()
        model.removeAll()
      default:
        #expect(subject[key] == model[key], trail)
      }
      #expect(subject.count == model.count && subject.isEmpty == model.isEmpty, trail)
    }
    #expect(Dictionary(uniqueKeysWithValues: subject.entries.map { ($0.0, $0.1) }) == model, trail)
  }

  @Test(arguments: HashQuality.allCases)
  func `does what Dictionary does`(_ quality: HashQuality) {
    compare(ConcurrentDictionary<TestKey, Int>.self, quality)
    compare(ReadMostlyDictionary<TestKey, Int>.self, quality)
    compare(ShardedDictionary<TestKey, Int>.self, quality)
    compare(LockedDictionary<TestKey, Int>.self, quality)
  }

  @Test func `what throws in a closure is handed on, and the lock is free again`() {
    struct Failure: Error {}
    func check<Subject: SharedDictionary<Int>>(_ type: Subject.Type) {
      let subject = Subject()
      subject.updateValue(1, forKey: 1)
      #expect(throws: Failure.self) { try subject.withValue(forKey: 1) { _ in throw Failure() } }
      #expect(throws: Failure.self) {
        try subject.value(forKey: 2, insertingIfAbsent: try { throw Failure() }())
      }
      #expect(subject.updateValue(2, forKey: 1) == 1)
      #expect(subject.count == 1)
    }
    check(ConcurrentDictionary<Int, Int>.self)
    check(ReadMostlyDictionary<Int, Int>.self)
    check(ShardedDictionary<Int, Int>.self)
    check(LockedDictionary<Int, Int>.self)
  }
}
