import CTophashTaskOrder
import Synchronization

/// What goes to the global executor, and is a body's own: `Task { }`, and actors that it uses.
enum GlobalJobs {
  private static let executors = Mutex<[TaskOrderExecutor]>([])
  /// How many there are, to be asked by every thread.
  private static let count = Atomic(0)

  static func begin(_ executor: TaskOrderExecutor) {
    executors.withLock { $0.append(executor) }
    // Relaxed: a thread that does not see it yet has no job of its tasks.
    count.add(1, ordering: .relaxed)
    tophash_jobs_hook { GlobalJobs.take(UnownedJob(pointer: $0!)) }
  }

  static func end(_ executor: TaskOrderExecutor) {
    count.subtract(1, ordering: .relaxed)
    executors.withLock { $0.removeAll { $0 === executor } }
  }

  /// Keeps a job that is of a body.
  private static func take(_ job: UnownedJob) -> Bool {
    // Relaxed: see `begin`.
    guard count.load(ordering: .relaxed) > 0 else { return false }
    if let run = tophash_thread_run() {
      let executor = Unmanaged<TaskOrderExecutor>.fromOpaque(run).takeUnretainedValue()
      if executor.runner.isStale(job) { return false }
      if job.isTask { executor.know(job.number) }
      executor.accept(.init(job: job))
      return true
    }
    // A task that was seen here before comes back from elsewhere.
    guard job.isTask else { return false }
    let number = job.number
    let owner = executors.withLock { $0.first { $0.knows(number) } }
    owner?.accept(.init(job: job))
    return owner != nil
  }
}
