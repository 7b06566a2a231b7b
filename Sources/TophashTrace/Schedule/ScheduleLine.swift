import TophashReports

/// What the tasks and threads of a process do at one moment, in one line, as Go's `schedtrace` has it.
package struct ScheduleLine: Sendable {
  /// Since the process began, in nanoseconds.
  package var time: UInt64
  package var threads: Int
  /// Threads that the pool runs tasks on at a time.
  package var pool: Int
  package var lanes: [TimelineFile.Lane]
  /// Who waits for what, counted.
  package var waiting: [WaitKind: Int]
  /// The monotonic clock at that moment.
  package var now: UInt64

  package init(
    time: UInt64, threads: Int, pool: Int, lanes: [TimelineFile.Lane], waiting: [WaitKind: Int],
    now: UInt64
  ) {
    self.time = time
    self.threads = threads
    self.pool = pool
    self.lanes = lanes
    self.waiting = waiting
    self.now = now
  }

  /// Threads that run a task, the one that has not suspended for longest first.
  package var running: [TimelineFile.Lane] {
    lanes.filter { $0.task != 0 }.sorted { $0.since < $1.since }
  }

  package var text: String {
    let blocked = waiting.filter { !$0.key.isOfTasks }
    var words = [
      "SCHED \(time / 1_000_000)ms:", "threads=\(threads)", "pool=\(pool)",
      "running=\(running.count)", "runnable=\(waiting[.pool] ?? 0)",
      "in-line=\(waiting[.actor] ?? 0)", "blocked=\(blocked.values.reduce(0, +))",
    ]
    if !blocked.isEmpty {
      let parts = blocked.sorted { $0.key.rawValue < $1.key.rawValue }
      words.append("[\(parts.map { "\($0.key.label)=\($0.value)" }.joined(separator: " "))]")
    }
    if let first = running.first {
      words.append("longest=\(age(first) / 1_000_000)ms(task \(first.task))")
    }
    return words.joined(separator: " ")
  }

  /// How long a task has run without suspending.
  package func age(_ lane: TimelineFile.Lane) -> UInt64 { now > lane.since ? now - lane.since : 0 }
}
