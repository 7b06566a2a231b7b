import Testing

@testable import Tophash

/// Counts the objects that are alive.
final class Lifetimes {
  private(set) var alive = 0

  final class Object: Hashable {
    let identity: Int
    private let lifetimes: Lifetimes

    init(_ identity: Int, _ lifetimes: Lifetimes) {
      self.identity = identity
      self.lifetimes = lifetimes
      lifetimes.alive += 1
    }

    deinit { lifetimes.alive -= 1 }

    static func == (left: Object, right: Object) -> Bool { left.identity == right.identity }

    func hash(into hasher: inout Hasher) { hasher.combine(identity) }
  }
}

/// Numbers that a seed determines.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }
}

extension FailFastDictionary {
  /// What is wrong with the table; nil when nothing is.
  ///
  /// 1. Every entry is where a search for its key finds it.
  /// 2. After `emptyRest`, a chain has only `emptyRest`.
  /// 3. The count is the number of live cells.
  /// 4. No cell of the current array is evacuated.
  /// 5. The access word says whether there is an old array, and how keys are hashed.
  func violation() -> String? {
    let word = access.load(ordering: .relaxed)
    if (word & AccessWord.growing != 0) != (old != nil) { return "the word is wrong about growing" }
    if (word & AccessWord.keyed != 0) != hasher.isKeyed { return "the word is wrong about hashing" }
    guard let currentArray else { return storedCount == 0 ? nil : "entries, but no array" }
    var live = 0
    for (array, isOld) in [(currentArray, false)] + (oldArray.map { [($0, true)] } ?? []) {
      for index in array.releasedCount..<array.bucketCount {
        if isOld, index < evacuatedCount { continue }
        var rests = false
        var next: Bucket<Key, Value>? = array.view[index]
        while let bucket = next {
          for cell in 0..<8 {
            let control = bucket.controls[cell]
            if rests, control != ControlByte.emptyRest {
              return "bucket \(index): not empty after emptyRest"
            }
            if control == ControlByte.emptyRest { rests = true }
            if control <= ControlByte.emptyOne { continue }
            if control < ControlByte.firstFingerprint { return "bucket \(index): evacuated cell" }
            live += 1
            let key = bucket.entries[cell].key
            if key == key, find(key)?.entry != bucket.entries + cell {
              return "bucket \(index): \(key) is not found, or elsewhere"
            }
          }
          next = bucket.overflow
        }
      }
    }
    return live == storedCount ? nil : "\(live) live cells, count \(storedCount)"
  }
}
