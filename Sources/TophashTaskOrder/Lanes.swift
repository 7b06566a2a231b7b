import CTophashSchedule
import CTophashTaskOrder

/// The tasks of one run, numbered in order of appearance, each with the jobs that it is ready for.
///
/// A task has one job at a time, except that the work of an actor may be done in its name too.
struct Lanes {
  struct Entry {
    var job: UnownedJob
    var move: TaskOrderRun.Move
    /// The function that the task goes on in; 0 when that was not asked for.
    var function: UInt64 = 0
  }

  private struct Lane {
    let task: UnownedJob
    var steps: UInt32 = 0
    var jobs: [Entry] = []
  }

  private var lanes: [Lane] = []
  private var numbers: [UInt64: Int] = [:]
  private(set) var readyCount = 0
  /// The number of the runtime's for the first task: earlier ones are none of this run.
  private(set) var firstTask = UInt64.max
  private(set) var isOverflowing = false
  /// Whether functions are written down.
  var keepsFunctions = false

  var count: Int { lanes.count }
  var isEmpty: Bool { readyCount == 0 }

  mutating func reset() {
    lanes.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    readyCount = 0
    firstTask = .max
    isOverflowing = false
  }

  /// Whether a job is of a task that an earlier run has left behind.
  func isStale(_ job: UnownedJob) -> Bool {
    job.isTask && job.number < firstTask && firstTask != .max
  }

  /// Adds a job. Work that is no task's own is done in the name of `current`.
  ///
  /// - Returns: The number of a task that is new, else `nil`.
  @discardableResult
  mutating func add(_ job: UnownedJob, current: Int, isWaking: Bool = false) -> Int? {
    var lane = current
    var move = isWaking ? TaskOrderRun.Move.wakes : job.isContinuation ? .yields : .hops
    var new: Int?
    if job.isTask {
      let number = job.number
      firstTask = min(firstTask, number)
      move = .resumes
      if let known = numbers[number] {
        lane = known
      } else if lanes.count == Int(TOPHASH_THREADS) {
        isOverflowing = true
      } else {
        move = .begins
        lane = lanes.count
        lanes.append(Lane(task: job))
        numbers[number] = lane
        new = lane
      }
    }
    let function = keepsFunctions ? lanes[lane].task.resumesAt : 0
    lanes[lane].jobs.append(Entry(job: job, move: move, function: function))
    readyCount += 1
    return new
  }

  /// Takes the first job of a task.
  mutating func take(_ lane: Int) -> Entry {
    readyCount -= 1
    lanes[lane].steps += 1
    return lanes[lane].jobs.removeFirst()
  }

  /// Takes what a task does right after its last job, which is no step of its own.
  mutating func takeRest(_ lane: Int) -> Entry {
    readyCount -= 1
    return lanes[lane].jobs.removeFirst()
  }

  /// A task that can go on; `nil` for none.
  var firstReady: Int? { lanes.firstIndex { !$0.jobs.isEmpty } }

  /// How often the task has gone on.
  func steps(_ lane: Int) -> UInt32 { lanes.isEmpty ? 0 : lanes[lane].steps }

  /// Whether the first job of a task is just the rest of what it did before.
  func isResuming(_ lane: Int) -> Bool { lanes[lane].jobs.first?.move == .resumes }

  /// Writes down who could go on, in the order of their numbers.
  func collect(into candidates: UnsafeMutablePointer<tophash_candidate>) -> UInt32 {
    var count = 0
    for (number, lane) in lanes.enumerated() {
      guard let first = lane.jobs.first else { continue }
      candidates[count] = tophash_candidate(
        thread: UInt32(number), point: first.move.point, object: 0, is_stuck: false,
        is_asleep: false, place: first.function)
      count += 1
    }
    return UInt32(count)
  }
}

extension TaskOrderRun.Move {
  var point: UInt32 {
    switch self {
    case .begins: TOPHASH_POINT_START.rawValue
    case .resumes: TOPHASH_POINT_JOB.rawValue
    case .hops: TOPHASH_POINT_SWITCH.rawValue
    case .yields: TOPHASH_POINT_YIELD.rawValue
    case .wakes: TOPHASH_POINT_SLEEP.rawValue
    }
  }
}

extension UnownedJob {
  private var pointer: UnsafeMutableRawPointer {
    // A job is one pointer to the runtime's object.
    unsafeBitCast(self, to: UnsafeMutableRawPointer.self)
  }

  var isTask: Bool { tophash_job_kind(pointer) == TOPHASH_JOB_TASK.rawValue }
  var isContinuation: Bool { tophash_job_kind(pointer) == TOPHASH_JOB_CONTINUATION.rawValue }
  /// Of a task that is alive: where it goes on.
  var resumesAt: UInt64 { tophash_task_resumes_at(pointer) }
  /// Of its task, or its own.
  var number: UInt64 { tophash_job_number(pointer) }

  init(pointer: UnsafeMutableRawPointer) {
    self = unsafeBitCast(pointer, to: UnownedJob.self)
  }
}
