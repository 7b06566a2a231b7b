import CTophashSchedule
import CTophashTaskOrder
import Dispatch
import TophashSearch

/// Runs a body again and again, each time in another order of its tasks.
///
/// One thread plays all of it: the body's jobs are held back, and one at a time goes on. It is
/// used from one thread, inside of a task; what the body's tasks inherit comes from that.
package final class TaskOrderRunner {
  package typealias Body = @Sendable () async throws -> Void

  package var stepLimit = 1_000_000
  /// How many steps a run is believed to have.
  package var length = 100
  /// How long a run waits for the outside, when none of its tasks can go on.
  package var patience = DispatchTimeInterval.seconds(10)

  /// Steps that tasks may take which the body did not wait for.
  static let leftoverLimit = 1_000

  private var executor: TaskOrderExecutor!
  private var lanes = Lanes()
  private var timers = Timers()
  /// The task that went on last.
  private var current = 0
  private let memory = RunMemory()

  package init() {
    executor = TaskOrderExecutor(runner: self)
    // A task that a body has left behind may come back to it at any time.
    _ = Unmanaged.passRetained(executor)
    GlobalJobs.begin(executor)
  }

  deinit {
    GlobalJobs.end(executor)
    executor.close()
  }

  /// Runs `body` in the order that `plan` says, until it and all that it started has ended.
  package func run(
    _ plan: Plan, keepsCrossroads: Bool = false, keepsEvents: Bool = false, _ body: @escaping Body
  ) -> TaskOrderRun {
    memory.begin(plan, length: length, keepsCrossroads: keepsCrossroads)
    lanes.reset()
    lanes.keepsFunctions = keepsEvents || memory.asksPlace
    timers.reset()
    executor.forgetTasks()
    current = 0
    let outer = tophash_thread_run()
    tophash_thread_set_run(Unmanaged.passUnretained(executor).toOpaque())
    tophash_crash_tells(memory.account)
    defer {
      tophash_crash_tells(nil)
      tophash_thread_set_run(outer)
    }
    let ending = Ending()
    Task(executorPreference: executor) {
      do {
        try await body()
        ending.result = .returned
      } catch {
        ending.result = .threw(error)
      }
    }
    var run = TaskOrderRun()
    run.end = play(&run, until: ending, keepsEvents: keepsEvents)
    leaveRest(&run)
    memory.read(into: &run)
    run.tasks = lanes.count
    run.hasAllCrossroads = run.hasAllCrossroads && lanes.count <= Crossroads.threads
    return run
  }

  private func play(
    _ run: inout TaskOrderRun, until ending: Ending, keepsEvents: Bool
  ) -> TaskOrderRun.End {
    var leftovers = 0
    while true {
      receive(&run)
      if lanes.isOverflowing { return .tooManyTasks }
      if lanes.isEmpty {
        if let (job, lane) = timers.takeNext() {
          lanes.add(job, current: lane, isWaking: true)
        } else if let end = ending.result {
          return end
        } else if !waitForOutside() {
          return .stuck
        }
        continue
      }
      if let end = ending.result {
        leftovers += 1
        if leftovers > Self.leftoverLimit { return end }
      }
      if memory.steps >= stepLimit { return .endless }
      step(&run, keepsEvents)
    }
  }

  /// One task goes on, until it waits for something or lets others go first.
  private func step(_ run: inout TaskOrderRun, _ keepsEvents: Bool) {
    let count = lanes.collect(into: memory.candidates)
    current = memory.choose(current, ownStep: lanes.steps(current), count)
    let entry = lanes.take(current)
    memory.step(current, entry.move, count)
    if keepsEvents {
      run.events.append(
        .init(
          task: current, ownStep: Int(lanes.steps(current)), move: entry.move,
          function: entry.function))
    }
    entry.job.runSynchronously(on: executor.asUnownedTaskExecutor())
    // A task that yielded or slept was only made ready by that.
    if entry.move == .yields || entry.move == .wakes, lanes.isResuming(current) {
      lanes.takeRest(current).job.runSynchronously(on: executor.asUnownedTaskExecutor())
    }
  }

  // MARK: Jobs

  /// Takes a job from the thread that plays.
  func accept(_ delivery: TaskOrderExecutor.Delivery) {
    let job = delivery.job
    if lanes.isStale(job) {
      executor.leave(delivery)
    } else if let delay = delivery.delay {
      timers.add(job, after: delay, lane: current)
    } else if let new = lanes.add(job, current: current) {
      memory.add(new)
    }
  }

  /// Whether a job is of a task that an earlier run has left behind.
  func isStale(_ job: UnownedJob) -> Bool { lanes.isStale(job) }

  /// Takes what other threads have brought.
  private func receive(_ run: inout TaskOrderRun) {
    for delivery in executor.takeInbox() {
      if !lanes.isStale(delivery.job) { run.external += 1 }
      accept(delivery)
    }
  }

  private func waitForOutside() -> Bool {
    executor.waitForInbox(until: .now() + patience)
  }

  /// What is left goes on without control.
  private func leaveRest(_ run: inout TaskOrderRun) {
    while let lane = lanes.firstReady {
      run.leftBehind += 1
      executor.leave(.init(job: lanes.take(lane).job))
    }
    while let (job, _) = timers.takeNext() {
      run.leftBehind += 1
      executor.leave(.init(job: job))
    }
  }
}

/// How a body ended.
///
/// `@unchecked Sendable`: set by the body's task, which the thread that reads it plays.
private final class Ending: @unchecked Sendable {
  var result: TaskOrderRun.End?
}
