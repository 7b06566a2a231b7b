import Testing

@testable import Tophash

@Suite struct LockedDictionaryTests {
  @Test func `a transfer between two keys is one step`() {
    let dictionary = LockedDictionary(["a": 500, "b": 500])
    let wrong = Shared()
    onThreads(4) { thread in
      for step in 0..<3_000 {
        if thread < 2 {
          dictionary.write { entries in
            entries["a"]! -= step % 5
            entries["b"]! += step % 5
          }
        } else {
          if dictionary.read({ $0["a"]! + $0["b"]! }) != 1_000 { wrong.add(1) }
          if dictionary.reduce(0, { $0 + $1.value }) != 1_000 { wrong.add(1) }
        }
      }
    }
    #expect(wrong.value == 0)
  }

  @Test func `a snapshot does not change`() {
    let dictionary = LockedDictionary([1: 1])
    let snapshot = dictionary.snapshot
    var iterator = dictionary.makeIterator()
    dictionary.updateValue(2, forKey: 2)
    dictionary.removeValue(forKey: 1)
    #expect(snapshot == [1: 1])
    let element = iterator.next()
    #expect(element?.key == 1 && element?.value == 1)
    #expect(iterator.next() == nil)
    #expect(dictionary.snapshot == [2: 2])
    #expect(dictionary.statistics.count == 1 && dictionary.statistics.capacity >= 1)
  }

  @Test func `the closure of insert-if-absent runs once`() {
    let dictionary = LockedDictionary<Int, Int>()
    let made = Shared()
    @Sendable func make(_ key: Int) -> Int {
      made.add(1)
      return key
    }
    onThreads(4) { thread in
      for key in 0..<1_000 where dictionary.value(forKey: key, insertingIfAbsent: make(key)) != key
      {
        made.add(1_000_000)
      }
    }
    #expect(made.value == 1_000)
  }

  @Test func `objects live as long as they are in the dictionary`() {
    let counter = LifetimeCounter()
    do {
      let dictionary = LockedDictionary<Tracked, Tracked>()
      onThreads(4) { thread in
        for step in 0..<1_000 {
          let key = Tracked(step % 50, counter)
          if step % 3 == 0 {
            dictionary.removeValue(forKey: key)
          } else {
            dictionary.updateValue(Tracked(step, counter), forKey: key)
          }
          if step % 100 == 50 {
            for (key, value) in dictionary { #expect(key.isWhole && value.isWhole) }
          }
        }
      }
      #expect(counter.count == 2 * dictionary.count)
      dictionary.removeAll()
      #expect(counter.count == 0)
    }
    #expect(counter.count == 0)
  }

  @Test func `using it from its own closure stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let dictionary = LockedDictionary<Int, Int>()
      dictionary.write { _ in _ = dictionary[1] }
    }
  }
}
