import Synchronization

/// How well a test key hashes.
enum HashQuality: CaseIterable, Sendable {
  case good, truncated, constant
}

/// A key that chooses its own hash.
struct TestKey: Hashable, Sendable, CustomStringConvertible {
  let number: Int
  let quality: HashQuality

  init(_ number: Int, _ quality: HashQuality) {
    self.number = number
    self.quality = quality
  }

  static func == (a: TestKey, b: TestKey) -> Bool { a.number == b.number }

  func hash(into hasher: inout Hasher) {
    switch quality {
    case .good: hasher.combine(number)
    case .truncated: hasher.combine(number & 7)
    case .constant: break
    }
  }

  var description: String { "\(number)" }
}

/// Counts how many of its objects are alive.
final class LifetimeCounter: Sendable {
  let alive = Atomic<Int>(0)
  var count: Int { alive.load(ordering: .relaxed) }
}

/// An object that notices when it is used after its end: its check is undone there.
final class Tracked: Hashable, Sendable {
  let number: Int
  private let counter: LifetimeCounter
  private let check: Atomic<Int>

  init(_ number: Int, _ counter: LifetimeCounter) {
    self.number = number
    self.counter = counter
    check = Atomic(~number)
    counter.alive.wrappingAdd(1, ordering: .relaxed)
  }

  deinit {
    check.store(0, ordering: .relaxed)
    counter.alive.wrappingSubtract(1, ordering: .relaxed)
  }

  var isWhole: Bool { check.load(ordering: .relaxed) == ~number }

  static func == (a: Tracked, b: Tracked) -> Bool { a.number == b.number }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }
}
