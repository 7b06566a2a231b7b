import CTophashTaskOrder
import Dispatch
import Synchronization

/// Holds the jobs of a body until somebody says which one goes on.
///
/// `@unchecked Sendable`: `runner` is used by the thread that plays the run alone, which is the
/// one whose `tophash_thread_run` is this executor; all others go through `inbox`.
final class TaskOrderExecutor: TaskExecutor, @unchecked Sendable {
  /// Who plays, as long as it does.
  unowned(unsafe) let runner: TaskOrderRunner

  struct Delivery {
    var job: UnownedJob
    /// In how much virtual time it is to be done.
    var delay: Duration?
  }

  private struct Inbox {
    var deliveries: [Delivery] = []
    /// Tasks that went by the global executor, and not by this one.
    var unstructured: Set<UInt64> = []
    /// Nobody plays any more.
    var isClosed = false
  }

  private let inbox = Mutex(Inbox())
  private let arrivals = DispatchSemaphore(value: 0)

  init(runner: TaskOrderRunner) { self.runner = runner }

  /// Whether the current thread plays a run of this executor.
  private var isPlaying: Bool {
    tophash_thread_run() == Unmanaged.passUnretained(self).toOpaque()
  }

  // MARK: Jobs

  func enqueue(_ job: consuming ExecutorJob) { accept(Delivery(job: UnownedJob(job))) }

  func accept(_ delivery: Delivery) {
    if isPlaying {
      runner.accept(delivery)
      return
    }
    let isTaken = inbox.withLock { inbox in
      if !inbox.isClosed { inbox.deliveries.append(delivery) }
      return !inbox.isClosed
    }
    if isTaken { arrivals.signal() } else { leave(delivery) }
  }

  /// Lets the system do it: what a task does that an earlier run has left behind is nobody's
  /// business here.
  func leave(_ delivery: Delivery) {
    let job = delivery.job
    guard let delay = delivery.delay else {
      globalConcurrentExecutor.enqueue(ExecutorJob(job))
      return
    }
    let (seconds, attoseconds) = delay.components
    let time = Double(seconds) + Double(attoseconds) * 1e-18
    DispatchQueue.global().asyncAfter(deadline: .now() + time) {
      globalConcurrentExecutor.enqueue(ExecutorJob(job))
    }
  }

  // MARK: From other threads

  /// What other threads have brought.
  func takeInbox() -> [Delivery] {
    inbox.withLock { inbox in
      guard !inbox.deliveries.isEmpty else { return [] }
      defer { inbox.deliveries = [] }
      return inbox.deliveries
    }
  }

  /// Waits until another thread brings something, which may have been taken already.
  ///
  /// - Returns: False when none did until then.
  func waitForInbox(until time: DispatchTime) -> Bool {
    arrivals.wait(timeout: time) == .success
  }

  func close() {
    let rest = inbox.withLock { inbox in
      inbox.isClosed = true
      return inbox.deliveries
    }
    rest.forEach(leave)
  }

  // MARK: The global executor's jobs

  func know(_ task: UInt64) { inbox.withLock { _ = $0.unstructured.insert(task) } }
  func knows(_ task: UInt64) -> Bool { inbox.withLock { $0.unstructured.contains(task) } }
  func forgetTasks() {
    inbox.withLock {
      if !$0.unstructured.isEmpty { $0.unstructured.removeAll(keepingCapacity: true) }
    }
  }
}
