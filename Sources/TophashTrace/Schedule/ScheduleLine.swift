import TophashReports

/// What the tasks and threads of a process do at one moment, in one line, as Go's `schedtrace` has it.
package struct ScheduleLine: Sendable {
  /// Since the process began, in nanoseconds.
  package var time: UInt64
  package var threads: Int
  /// Threads that the pool runs tasks on at a time.
  package var pool: Int
  package var lanes: [TimelineFile.Lane]
  package var waiters: [WaitFile.Waiter]
  /// Types of actors and executors, by the addresses of their metadata.
  package var types: [UInt64: String]
  /// The monotonic clock at that moment.
  package var now: UInt64

  package init(
    time: UInt64, threads: Int, pool: Int, lanes: [TimelineFile.Lane],
    waiters: [WaitFile.Waiter], types: [UInt64: String] = [:], now: UInt64
  ) {
    self.time = time
    self.threads = threads
    self.pool = pool
    self.lanes = lanes
    self.waiters = waiters
    self.types = types
    self.now = now
  }

  /// Threads that have a task, the one that has not suspended for longest first.
  package var holding: [TimelineFile.Lane] {
    lanes.filter { $0.task != 0 }.sorted { $0.since < $1.since }
  }

  package var text: String {
    let subjects = waiters.map(\.subject)
    let who = Set(waiters.lazy.filter { !$0.subject.kind.isOfTasks }.map(\.who))
    let blocked = holding.filter { who.contains($0.waiter) }.map(\.executor)
    let running = holding.filter { !who.contains($0.waiter) }.map(\.executor)
    var words = [
      "SCHED \(time / 1_000_000)ms:", "threads=\(threads)", "pool=\(pool)",
      counted("running", running.map(executor)),
      counted("runnable", subjects.filter { $0.kind == .pool }.map { _ in executor(0) }),
      counted("in-line", subjects.filter { $0.kind == .actor }.map { executor($0.metadata) }),
      counted(
        "blocked",
        subjects.filter { !$0.kind.isOfTasks }
          .map { $0.kind.label + ($0.label.map { "(\($0))" } ?? "") }),
    ]
    if !blocked.isEmpty { words.append(counted("with-task", blocked.map(executor))) }
    if let first = holding.first {
      words.append("longest=\(age(first) / 1_000_000)ms(task \(first.task))")
    }
    return words.joined(separator: " ")
  }

  private func executor(_ metadata: UInt64) -> String {
    guard metadata != 0 else { return "pool" }
    let type = types[metadata] ?? "?"
    return Self.mainExecutors.contains(type) ? "main" : type
  }

  /// What the main actor runs on, by the runtime's version.
  private static let mainExecutors: Set<String> = ["DispatchMainExecutor", "MainActor"]

  /// How many there are, and the parts of that by name.
  private func counted(_ title: String, _ names: [String]) -> String {
    let parts = Dictionary(grouping: names) { $0 }.sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value.count)" }
    return "\(title)=\(names.count)" + (parts.isEmpty ? "" : " [\(parts.joined(separator: " "))]")
  }

  /// How long a task has run without suspending.
  package func age(_ lane: TimelineFile.Lane) -> UInt64 { now > lane.since ? now - lane.since : 0 }
}
