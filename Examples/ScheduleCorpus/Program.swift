/// A program of the corpus, with its twin.
struct Program: Sendable {
  enum Body: Sendable {
    /// Starts threads, work items or operations, and waits for them. Told whether to be right.
    case threads(@Sendable (_ isFixed: Bool) -> Void)
    case tasks(@Sendable (_ isFixed: Bool) async -> Void)
  }

  var name: String
  var group: String
  /// What is wrong, in a few words.
  var idea: String
  var body: Body

  /// A program of threads and locks; SCTBench has one under this name, mostly with `_bad` behind.
  static func threads(
    _ name: String, _ idea: String, _ run: @escaping @Sendable (_ isFixed: Bool) -> Void
  ) -> Program {
    Program(name: name, group: "threads", idea: idea, body: .threads(run))
  }

  static func dispatch(
    _ name: String, _ idea: String, _ run: @escaping @Sendable (_ isFixed: Bool) -> Void
  ) -> Program {
    Program(name: name, group: "dispatch", idea: idea, body: .threads(run))
  }

  static func tasks(
    _ name: String, _ idea: String, _ run: @escaping @Sendable (_ isFixed: Bool) async -> Void
  ) -> Program {
    Program(name: name, group: "tasks", idea: idea, body: .tasks(run))
  }

  static func named(_ name: String) -> Program? {
    all.first { $0.name == name }
  }

  static let all: [Program] = [
    account, arithmeticProg, bluetoothDriver, carter01, circularBuffer, deadlock01,
    philosophers(2), philosophers(3), philosophers(4), philosophers(5), philosophers(6),
    philosophers(7), fsbench, lazy01, phase01, queue, reorder(3), reorder(4), reorder(5),
    reorder(10), reorder(20), stack, sync01, sync02, tokenRing, twoStage(2), twoStage(20),
    twoStage(100), wrongLock(7), wrongLock(3), stringBuffer,
    concurrentPerform, concurrentQueue, serialQueues, groupEntry, operations, lazyValue,
    actorCheck, actorPayment, childTasks, mutexCheck, tickets, staleAnswer, lostResume,
    resumedTwice, finishedStream, lateCancel, mainActorTotal,
  ]
}
