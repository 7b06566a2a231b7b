import Testing

@testable import Tophash

/// Every key and value that went in comes out once.
@Suite struct FailFastDictionaryLifetimeTests {
  typealias Objects = FailFastDictionary<Lifetimes.Object, Lifetimes.Object>

  @Test func `what is removed, replaced or left behind is let go`() {
    let lifetimes = Lifetimes()
    let object = { Lifetimes.Object($0, lifetimes) }
    do {
      let dictionary = Objects()
      for number in 0..<1000 { dictionary[object(number)] = object(number) }
      #expect(lifetimes.alive == 2000)
      for number in 0..<1000 { dictionary[object(number)] = object(-number) }
      #expect(lifetimes.alive == 2000)
      for number in 0..<500 { dictionary.removeValue(forKey: object(number)) }
      #expect(lifetimes.alive == 1000)
      for number in 500..<600 { dictionary[object(number)]? = object(0) }
      #expect(lifetimes.alive == 1000)
      let other = dictionary.copy()
      #expect(lifetimes.alive == 1000)
      other.removeAll()
      #expect(lifetimes.alive == 1000)
      dictionary.removeAll(keepingCapacity: true)
      #expect(lifetimes.alive == 0)
      for number in 0..<100 { dictionary[object(number), default: object(0)] = object(1) }
      #expect(lifetimes.alive == 200)
    }
    #expect(lifetimes.alive == 0)
  }

  @Test(arguments: 1...120)
  func `a dictionary may go while it grows`(_ count: Int) {
    let lifetimes = Lifetimes()
    let object = { Lifetimes.Object($0, lifetimes) }
    var dictionary: Objects? = Objects()
    for number in 0..<count { dictionary?[object(number)] = object(number) }
    #expect(lifetimes.alive == 2 * count)
    dictionary = nil
    #expect(lifetimes.alive == 0)
  }

  @Test(arguments: [1, 7, 100])
  func `an iterator keeps nothing alive once it is gone`(_ added: Int) {
    let lifetimes = Lifetimes()
    let object = { Lifetimes.Object($0, lifetimes) }
    let dictionary = Objects()
    for number in 0..<100 { dictionary[object(number)] = object(number) }
    var visited = 0
    for (key, _) in dictionary {
      visited += 1
      if visited > 300 { break }
      for number in 0..<added { dictionary[object(visited * 1000 + number)] = object(0) }
      dictionary[key] = object(-1)
      if visited % 3 == 0 { dictionary[key] = nil }
    }
    #expect(lifetimes.alive == 2 * dictionary.count)
    dictionary.removeAll()
    #expect(lifetimes.alive == 0)
  }

  @Test func `iterators outlive the arrays they walk`() {
    let lifetimes = Lifetimes()
    let object = { Lifetimes.Object($0, lifetimes) }
    let dictionary = Objects()
    for number in 0..<14 { dictionary[object(number)] = object(number) }
    var iterators = (0..<5).map { _ in dictionary.makeIterator() }
    for index in iterators.indices { _ = iterators[index].next() }
    for number in 14..<2000 {
      dictionary[object(number)] = object(number)
      if number % 100 == 0 { iterators.append(dictionary.makeIterator()) }
    }
    dictionary.removeAll()
    for index in iterators.indices { #expect(iterators[index].next() == nil) }
    // The keys that were left to them go with them.
    iterators = []
    #expect(lifetimes.alive == 0)
  }

  @Test func `a value's deinit may use the dictionary that it was removed from`() {
    final class Guest {
      let body: () -> Void
      init(_ body: @escaping () -> Void) { self.body = body }
      deinit { body() }
    }
    let dictionary = FailFastDictionary<Int, Guest>()
    nonisolated(unsafe) var counts: [Int] = []
    dictionary[1] = Guest { counts.append(dictionary.count) }
    dictionary[2] = Guest { counts.append(dictionary.count) }
    dictionary[1] = nil
    dictionary[2] = Guest {}
    #expect(counts == [1, 1])
    dictionary.removeAll()
  }
}
