import CTophashSchedule
import TophashReports
import TophashSearch

/// What became of a run.
package struct Account: Sendable {
  /// How it came to its end.
  package enum End: UInt32, Sendable {
    case program, deadlock, steps, limit, stalled, replaced
  }

  package var end = End.program
  /// How the process ended; when it was ended from outside, that.
  package var process: ProcessEnd?
  /// Whether the program reached `main` under control.
  package var isControlled = false
  package var steps = 0
  package var switches = 0
  package var threadCount = 0
  /// The thread that made the last step.
  package var lastThread = 0
  /// Of all that was done, in order.
  package var hash: UInt64 = 0
  /// Choices to follow that were not possible.
  package var drift = 0
  /// Waits that something outside of the program ended.
  package var external = 0
  /// Times that a thread blocked where nobody saw it coming, and the last such system call.
  package var lost = 0
  package var lostCall: Int32 = 0
  /// Times that a thread ran for so long without a point that it was stopped on its way.
  package var sliced = 0
  package var unmodelled = 0
  /// Virtual time, in nanoseconds.
  package var time: UInt64 = 0
  package var choices: [Choice] = []
  package var crossroads: [Crossroads] = []
  package var overlaps: [Overlap] = []
  package var threads: [Thread] = []
  package var events: [Event] = []
  package var variables: [NamedObject] = []
  package var crashSignal: Int32 = 0
  package var crashThread: Int?
  package var crashStack: [UInt64] = []
  /// The last of what the program wrote.
  package var output = ""

  package init() {}

  /// Whether every switch of the run was decided, and so will be again.
  package var isFullyControlled: Bool { lost == 0 && sliced == 0 && unmodelled == 0 }

  /// Whether all places are in `crossroads` at which others could have gone on: they were asked
  /// for, and there was room.
  var hasAllCrossroads: Bool {
    crossroads.count < Int(TOPHASH_CROSSROADS) && threadCount <= Crossroads.threads
  }

  mutating func readFacts(_ from: UnsafeMutablePointer<tophash_account>) {
    let facts = from
    end = End(rawValue: facts.pointee.end) ?? .limit
    process = ProcessEnd(waitStatus: facts.pointee.wait_status)
    isControlled = facts.pointee.is_controlled != 0
    steps = Int(facts.pointee.steps)
    switches = Int(facts.pointee.switches)
    threadCount = Int(facts.pointee.thread_count)
    lastThread = Int(facts.pointee.last_thread)
    hash = facts.pointee.hash
    drift = Int(facts.pointee.drift)
    external = Int(facts.pointee.external)
    lost = Int(facts.pointee.lost)
    lostCall = facts.pointee.lost_call
    sliced = Int(facts.pointee.sliced)
    unmodelled = Int(facts.pointee.unmodelled)
    time = facts.pointee.time
    crashSignal = Int32(facts.pointee.crash_signal)
    let thread = facts.pointee.crash_thread
    crashThread = crashSignal != 0 && thread != TOPHASH_NO_THREAD ? Int(thread) : nil
  }
}

extension Account {
  /// A thread at the end of a run.
  package struct Thread: Sendable {
    package enum State: UInt32, Sendable {
      case ready = 1
      case waiting, outside, ended
    }

    package var state: State
    package var point: Point?
    package var object: Int
    package var steps: Int
    package var creator: Int?
    /// A worker of Dispatch or of the runtime.
    package var isPool: Bool
    /// Who has the lock that it waits for.
    package var holder: Int?
    package var name: String
    package var stack: [UInt64]

    init(_ account: tophash_thread_account) {
      state = State(rawValue: account.state) ?? .ended
      point = Point(rawValue: account.point)
      object = Int(account.object)
      steps = Int(account.steps)
      creator = account.creator == TOPHASH_NO_THREAD ? nil : Int(account.creator)
      isPool = account.is_pool != 0
      holder = account.holder == TOPHASH_NO_THREAD ? nil : Int(account.holder)
      name = withUnsafeBytes(of: account.name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      stack = list(of: account.frames, count: min(account.frame_count, UInt32(TOPHASH_FRAMES)))
    }
  }

  /// A point that a thread passed.
  package struct Event: Sendable {
    package var thread = 0
    /// The Swift task that ran there, by its number.
    package var task: Int?
    package var taskName = ""
    package var point: Point?
    package var object = 0
    package var ownStep = 0
    package var address: UInt64 = 0
    package var time: UInt64 = 0
    /// It had slept, and went before others that could go on.
    package var isEarly = false
    package var stack: [UInt64] = []

    package init() {}

    init(_ event: tophash_event) {
      thread = Int(event.thread)
      task = event.task == 0 ? nil : Int(event.task)
      taskName = withUnsafeBytes(of: event.task_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      point = Point(rawValue: event.point)
      object = Int(event.object)
      ownStep = Int(event.own_step)
      address = event.address
      time = event.time
      isEarly = event.is_early != 0
      stack = list(of: event.frames, count: min(event.frame_count, UInt32(TOPHASH_FRAMES)))
    }
  }

  /// Two accesses to one variable that were open at one moment.
  package struct Overlap: Sendable {
    package var object: Int
    package var firstThread: Int
    package var secondThread: Int
    package var firstModifies: Bool
    package var secondModifies: Bool
    package var firstSite: UInt64
    package var secondSite: UInt64
    package var step: Int

    init(_ overlap: tophash_overlap_account) {
      object = Int(overlap.object)
      firstThread = Int(overlap.first_thread)
      secondThread = Int(overlap.second_thread)
      firstModifies = overlap.first_modifies != 0
      secondModifies = overlap.second_modifies != 0
      firstSite = overlap.first_pc
      secondSite = overlap.second_pc
      step = Int(overlap.step)
    }
  }

  /// The memory that names a variable.
  package struct NamedObject: Sendable {
    package var address: UInt64
    package var object: Int
    package var snapshot: [UInt8]
  }
}
