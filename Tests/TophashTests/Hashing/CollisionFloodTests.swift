import Testing

@testable import Tophash

/// Somebody sends keys that collide. Counted in buckets, not in time.
@Suite struct CollisionFloodTests {
  /// Keys whose hashes agree in the lowest bits, as somebody finds them who knows the seed.
  func keys(_ count: Int, _ bits: UInt64, hash: (Int) -> UInt64) -> [Int] {
    var found: [Int] = []
    var candidate = 0
    while found.count < count {
      candidate += 1
      if hash(candidate) & (1 << bits - 1) == 0 { found.append(candidate) }
    }
    return found
  }

  func overflow(_ keys: [Int], in dictionary: FailFastDictionary<Int, Int>) -> Int {
    for key in keys { dictionary[key] = key }
    #expect(keys.allSatisfy { dictionary[$0] == $0 })
    return dictionary.statistics.overflowBucketCount
  }

  @Test func `a list made for one dictionary floods that one alone`() {
    let victim = FailFastDictionary<Int, Int>()
    let flood = keys(1_500, 8) { UInt64(victim.hash(of: $0)) }
    // All in one bucket of 256: nearly every eight keys need another one.
    #expect(overflow(flood, in: victim) > 150)
    #expect(overflow(flood, in: FailFastDictionary()) < 100)
    #expect(overflow(flood, in: FailFastDictionary(hashing: .keyed)) < 100)
  }

  @Test func `flooded, a shared dictionary keeps all keys and its directory small`() {
    let victim = ConcurrentDictionary<Int, Int>()
    // The lowest bits of a hash choose the home bucket; here all keys have one.
    let flood = keys(1_500, 16 - 7) { victim.hasher.hash($0) >> 7 }
    for key in flood { victim.updateValue(key, forKey: key) }
    #expect(flood.allSatisfy { victim[$0] == $0 })
    let nodes = victim.statistics.overflowNodes
    #expect(victim.statistics.directorySlots <= 512)
    for hashing in [KeyHashing.fast, .keyed] {
      let other = ConcurrentDictionary<Int, Int>(hashing: hashing)
      for key in flood { other.updateValue(key, forKey: key) }
      #expect(2 * other.statistics.overflowNodes < nodes)
    }
    for key in flood { victim.removeValue(forKey: key) }
    #expect(victim.isEmpty)
  }
}
