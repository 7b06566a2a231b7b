import Synchronization

/// Counts how many of its objects live.
final class Tracker: Sendable {
  let live = Atomic(0)
  var liveCount: Int { live.load(ordering: .sequentiallyConsistent) }

  func make(_ number: Int) -> Tracked { Tracked(number, self) }
}

/// An object that a tracker counts, equal to others with its number.
final class Tracked: Hashable, Sendable {
  let number: Int
  let tracker: Tracker

  init(_ number: Int, _ tracker: Tracker) {
    self.number = number
    self.tracker = tracker
    tracker.live.wrappingAdd(1, ordering: .sequentiallyConsistent)
  }

  deinit { tracker.live.wrappingSubtract(1, ordering: .sequentiallyConsistent) }

  static func == (a: Tracked, b: Tracked) -> Bool { a.number == b.number }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }
}
