import TophashSymbols

/// Turns conflicts into findings: names them, drops locks, merges what is the same.
package struct Judge {
  package private(set) var lockConflicts = 0
  /// Unordered conflicts that were left out, because code on both sides may order them unseen.
  package private(set) var possiblyOrdered = 0
  /// And those whose sides were seen to wait for each other.
  package private(set) var orderedByInference = 0
  /// Conflicts that a test had said would come.
  package private(set) var expectedConflicts = 0
  private var findings = FindingSet()

  package init() {}

  /// Judges all conflicts of one process.
  ///
  /// Locks never make a finding: waiting for a lock that is held in a property is formally an
  /// access that stays open, and correct all the same. They are told by address, where the
  /// probe saw them used as locks, and by type.
  package mutating func add(_ file: EventFile, interpreter: some Interpreter) {
    let conflicts = file.conflicts.map { conflict in
      var conflict = conflict
      conflict.open.frames = interpreter.stack(of: conflict.open)
      conflict.begun.frames = interpreter.stack(of: conflict.begun)
      return conflict
    }
    let frames = interpreter.frames(at: Self.addresses(in: conflicts))
    let visits = Dictionary(file.visits.map { ($0.address, $0) }) { first, _ in first }
    for conflict in conflicts {
      guard let variable = Self.variable(of: conflict, in: file, interpreter) else {
        lockConflicts += 1
        continue
      }
      if conflict.isExpected {
        expectedConflicts += 1
        continue
      }
      var open = Side(conflict.open, process: file.header, variable: variable, frames: frames)
      var begun = Side(conflict.begun, process: file.header, variable: variable, frames: frames)
      open.test = open.test(of: conflict.open, in: file, interpreter)
      begun.test = begun.test(of: conflict.begun, in: file, interpreter)
      if conflict.grade == .unordered,
        [open, begun].allSatisfy({
          interpreter.mayOrder($0.stack + $0.awaitedBy, accessing: variable)
        })
      {
        possiblyOrdered += 1
        continue
      }
      var tried: Tried?
      if conflict.grade == .unordered {
        let sites = Set([conflict.open, conflict.begun].compactMap(\.frames.first))
        tried = Tried(sites.compactMap { visits[$0] })
      }
      if tried?.showsOrder == true {
        orderedByInference += 1
        continue
      }
      let finding = Finding(
        grade: conflict.grade,
        variable: variable,
        open: open,
        begun: begun,
        tried: tried,
        occurrences: conflict.repeats &+ 1,
        processes: [Finding.Place(pid: file.header.pid, program: file.header.program)])
      findings.insert(finding)
    }
  }

  /// In the order of `FindingSet.sorted`.
  package var report: [Finding] { findings.sorted }

  /// The variable that `conflict` is about; `nil` when it is a lock.
  package static func variable(
    of conflict: Conflict, in file: EventFile, _ interpreter: some Interpreter
  ) -> Variable? {
    guard !file.locks.contains(conflict.address) else { return nil }
    if conflict.subject == .storage {
      return interpreter.storage(at: conflict.address, snapshot: conflict.snapshot)
    }
    let variable = interpreter.variable(at: conflict.address, snapshot: conflict.snapshot)
    return variable.isLock ? nil : variable
  }

  private static func addresses(in conflicts: [Conflict]) -> [UInt64] {
    let sides = conflicts.flatMap { [$0.open, $0.begun] }
    return Set(sides.flatMap { $0.frames + $0.asyncFrames }).sorted()
  }
}

extension Variable {
  /// `Warehouse.Inventory.stock`.
  package var qualifiedName: String { module.map { "\($0).\(name)" } ?? name }
}

extension Side {
  /// The test on the stack, the outermost one, or that of the process where it has but one; and the one that the name of the scope tells of, or
  /// that of the task where no scopes were followed.
  fileprivate func test(
    of side: Conflict.Side, in file: EventFile, _ interpreter: some Interpreter
  ) -> TestReference? {
    let isTest = side.taskName?.contains(" - running") == true
    let names = file.scopeNames(from: side.scope) + (isTest ? [side.taskName ?? ""] : [])
    return TestReference(
      function: (stack + awaitedBy).reversed().lazy.compactMap(interpreter.test).first
        ?? file.header.onlyTest,
      title: names.lazy.compactMap(TestReference.title(of:)).first)
  }

  init(
    _ side: Conflict.Side, process: EventHeader, variable: Variable, frames: [UInt64: [Frame]]
  ) {
    let stack = Self.located(side.frames.flatMap { frames[$0] ?? [.unknown(at: $0)] })
    let threadName = side.threadName.flatMap {
      Self.isGivenName($0, program: process.program) ? $0 : nil
    }
    self.init(
      operation: side.flags.contains(.modify) ? .modify : .read,
      owner: Owner(side, threadName: threadName, process: process),
      threadID: side.threadID,
      threadName: threadName,
      queue: side.queueLabel == Self.noQueue ? nil : side.queueLabel,
      stack: stack,
      awaitedBy: Self.awaitingCallers(side.asyncFrames.map { frames[$0] ?? [] }),
      siteIndex: Self.siteIndex(in: stack, variable: variable),
      isHeld: side.flags.contains(.held),
      isSuspended: side.flags.contains(.suspended),
      hasExactStack: side.flags.contains(.stable))
  }

  /// What Dispatch answers on a thread that runs no queue.
  private static let noQueue = "com.apple.root.default-qos.overcommit"

  /// False for what a thread is called that nobody named: the program, or Dispatch's pool.
  private static func isGivenName(_ name: String, program: String) -> Bool {
    let file = program.split(separator: "/").last ?? ""
    if file.prefix(15) == name { return false }
    return !["-qos", "qos.overcommit", "qos.cooperative"].contains { name.hasSuffix($0) }
  }

  /// The callers that will be resumed one after the other, without the runtime's own at the end.
  ///
  /// Which memory holds an async context is a guess of the probe: what leads out of all code ends
  /// the chain.
  package static func awaitingCallers(_ chain: [[Frame]]) -> [Frame] {
    var callers = chain.prefix { $0.last.map { $0.image != nil } ?? false }.flatMap(\.self)
    while callers.last?.isRuntime == true { callers.removeLast() }
    return callers
  }

  /// Gives the program's merged functions and the accessors that the compiler made, which have no
  /// lines, those of their callers.
  package static func located(_ stack: [Frame]) -> [Frame] {
    var stack = stack
    var caller: SourceLocation?
    for index in stack.indices.reversed() where !stack[index].isRuntime {
      if stack[index].isMadeAccessor || stack[index].isMerged && stack[index].location == nil {
        caller?.precision = .caller
        stack[index].location = caller
      } else {
        caller = stack[index].location
      }
    }
    return stack
  }

  /// The innermost frame of the program's own code that is not the variable's own accessor; an
  /// accessor, or nothing, when there is no other.
  static func siteIndex(in stack: [Frame], variable: Variable) -> Int? {
    stack.firstIndex { !$0.isRuntime && !$0.isAccessor(of: variable) }
      ?? stack.firstIndex { !$0.isRuntime }
  }
}

extension Owner {
  init(_ side: Conflict.Side, threadName: String?, process: EventHeader) {
    if side.flags.contains(.task) {
      self = .task(id: side.taskID, name: side.taskName)
    } else if side.flags.contains(.item) {
      self = .workItem(queue: side.queueLabel)
    } else {
      self = .thread(id: side.threadID, name: threadName, isMain: side.threadID == process.pid)
    }
  }
}
