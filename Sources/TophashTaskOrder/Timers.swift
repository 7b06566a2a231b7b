/// Tasks that sleep in virtual time: it passes when no task can go on.
struct Timers {
  private struct Timer {
    var due: Duration
    var job: UnownedJob
    var lane: Int
  }

  private var now = Duration.zero
  /// By time; of the same time, in the order of their coming.
  private var timers: [Timer] = []

  var isEmpty: Bool { timers.isEmpty }

  mutating func reset() {
    now = .zero
    timers.removeAll(keepingCapacity: true)
  }

  mutating func add(_ job: UnownedJob, after delay: Duration, lane: Int) {
    let due = now + max(.zero, delay)
    let place = timers.firstIndex { $0.due > due } ?? timers.endIndex
    timers.insert(Timer(due: due, job: job, lane: lane), at: place)
  }

  /// Lets time pass until the next of them; `nil` when there is none.
  mutating func takeNext() -> (job: UnownedJob, lane: Int)? {
    guard !timers.isEmpty else { return nil }
    let next = timers.removeFirst()
    now = next.due
    return (next.job, next.lane)
  }
}
