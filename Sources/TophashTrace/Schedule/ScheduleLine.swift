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
  package var waiting: [WaitFile.Subject: Int]
  /// Types of actors, by the addresses of their metadata.
  package var types: [UInt64: String]
  /// The monotonic clock at that moment.
  package var now: UInt64

  package init(
    time: UInt64, threads: Int, pool: Int, lanes: [TimelineFile.Lane],
    waiting: [WaitFile.Subject: Int], types: [UInt64: String] = [:], now: UInt64
  ) {
    self.time = time
    self.threads = threads
    self.pool = pool
    self.lanes = lanes
    self.waiting = waiting
    self.types = types
    self.now = now
  }

  /// Threads that run a task, the one that has not suspended for longest first.
  package var running: [TimelineFile.Lane] {
    lanes.filter { $0.task != 0 }.sorted { $0.since < $1.since }
  }

  package var text: String {
    let runnable = waiting.reduce(0) { $0 + ($1.key.kind == .pool ? $1.value : 0) }
    let inLine = waiting.filter { $0.key.kind == .actor }
    let blocked = waiting.filter { !$0.key.kind.isOfTasks }
    var words = [
      "SCHED \(time / 1_000_000)ms:", "threads=\(threads)", "pool=\(pool)",
      "running=\(running.count)", "runnable=\(runnable)",
    ]
    words += Self.counted("in-line", inLine) { types[$0.metadata] ?? "?" }
    words += Self.counted("blocked", blocked) { subject in
      subject.kind.label + (subject.label.map { "(\($0))" } ?? "")
    }
    if let first = running.first {
      words.append("longest=\(age(first) / 1_000_000)ms(task \(first.task))")
    }
    return words.joined(separator: " ")
  }

  /// How many there are, and the parts of that by name.
  private static func counted(
    _ title: String, _ waiting: [WaitFile.Subject: Int], name: (WaitFile.Subject) -> String
  ) -> [String] {
    let sum = "\(title)=\(waiting.values.reduce(0, +))"
    guard !waiting.isEmpty else { return [sum] }
    let names = Dictionary(waiting.map { (name($0.key), $0.value) }, uniquingKeysWith: +)
    let order = Dictionary(
      waiting.map { (name($0.key), $0.key.kind.rawValue) }, uniquingKeysWith: min)
    let parts = names.sorted { (order[$0.key] ?? 0, $0.key) < (order[$1.key] ?? 0, $1.key) }
    return [sum, "[\(parts.map { "\($0.key)=\($0.value)" }.joined(separator: " "))]"]
  }

  /// How long a task has run without suspending.
  package func age(_ lane: TimelineFile.Lane) -> UInt64 { now > lane.since ? now - lane.since : 0 }
}
