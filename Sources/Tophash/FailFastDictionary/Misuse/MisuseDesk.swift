import CTophashThread
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where the two sides of a misuse meet, so that each can tell where it is.
///
/// The side that notices marks the dictionary's access word as contested. Every
/// access looks at that word when it begins, and a change also when it ends, so
/// the other side comes here on its own: nothing had to be recorded beforehand.
enum MisuseDesk {
  /// A misuse that is being cleared up.
  final class Case {
    let thread: UInt32
    let wanted: UInt32
    var other: DictionaryMisuse.Side?

    init(thread: UInt32, wanted: UInt32) {
      self.thread = thread
      self.wanted = wanted
    }
  }

  /// The open cases by dictionary. Contested bits are set and cleared only under this lock.
  private static let cases = Mutex<[ObjectIdentifier: Case]>([:])

  /// How long the other side is waited for.
  private static let patience = Duration.milliseconds(500)

  /// Opens a case, unless there is one for this dictionary. Then the caller
  /// joins it, and false is returned when it is closed.
  static func open(
    _ dictionary: ObjectIdentifier, wanting wanted: UInt32,
    side: DictionaryMisuse.Side, mark: () -> Void
  ) -> Bool {
    let thread = tophash_thread_number()
    let opened = cases.withLock { cases in
      guard cases[dictionary] == nil else { return false }
      cases[dictionary] = Case(thread: thread, wanted: wanted)
      mark()
      return true
    }
    if !opened { join(dictionary, side: side, isOther: false) }
    return opened
  }

  /// Tells the open case where this thread is, and waits until it is closed.
  static func join(_ dictionary: ObjectIdentifier, side: DictionaryMisuse.Side, isOther: Bool) {
    let thread = tophash_thread_number()
    while true {
      let isOpen = cases.withLock { cases in
        guard let found = cases[dictionary], found.thread != thread else { return false }
        if found.other == nil, isOther || found.wanted == thread { found.other = side }
        return true
      }
      guard isOpen else { return }
      pause()
    }
  }

  /// Waits for the other side, closes the case, and returns what the side told.
  static func close(
    _ dictionary: ObjectIdentifier, mark: () -> Void, unmark: () -> Void
  ) -> DictionaryMisuse.Side? {
    let deadline = ContinuousClock.now + patience
    while true {
      let (other, wanted) = cases.withLock { cases in
        // Again: a change that was just ending may have overwritten the mark.
        mark()
        return (cases[dictionary]?.other, cases[dictionary]?.wanted ?? 0)
      }
      if other != nil || ContinuousClock.now > deadline || !isAlive(wanted) { break }
      pause()
    }
    return cases.withLock { cases in
      unmark()
      return cases.removeValue(forKey: dictionary)?.other
    }
  }

  private static func pause() { usleep(100) }

  private static func isAlive(_ thread: UInt32) -> Bool {
    #if os(Linux)
    let identifier = tophash_thread_identifier(thread)
    return identifier != 0 && access("/proc/self/task/\(identifier)", F_OK) == 0
    #else
    return true
    #endif
  }

  /// Does what is to be done about a misuse. Returns unless that is to stop.
  static func respond(_ kind: DictionaryMisuse.Kind, _ makeMisuse: () -> DictionaryMisuse) {
    if let record = DictionaryMisuse.record {
      let misuse = makeMisuse()
      return record.first.withLock { if $0 == nil { $0 = misuse } }
    }
    switch DictionaryMisuse.onMisuse {
    case .report(let body): body(makeMisuse())
    case .stop:
      // One report is enough, and whoever is second waits for the end of the program.
      // Relaxed: who exchanges first is all that is asked.
      let thread = tophash_thread_number()
      guard stopper.compareExchange(expected: 0, desired: thread, ordering: .relaxed).exchanged
      else { while true { pause() } }
      // The misuse may have left damage that would end the program otherwise: here, while the
      // stacks are read, or in another thread, which must not come before the sentence.
      for number in crashes { signal(number, endAtCrash) }
      write("fatal error: \(kind.rawValue)\n")
      write(makeMisuse().details)
      _exit(2)
    }
  }

  /// The number of the thread that stops the program; 0 until there is one.
  fileprivate static let stopper = Atomic<UInt32>(0)

  /// Where the processor's own traps are no SIGTRAP, that signal is a debugger's, or a watchpoint's.
  #if arch(arm64)
  private static let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGTRAP]
  #else
  private static let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGABRT]
  #endif

  private static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        #if canImport(Darwin)
        let count = Darwin.write(
          2, UnsafeRawBufferPointer(rebasing: .init(rest)).baseAddress, rest.count)
        #else
        let count = Glibc.write(2, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
        #endif
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}

/// Ends the program when the thread crashes that stops it; any other waits for that one.
private func endAtCrash(_ signal: Int32) {
  while tophash_thread_number() != MisuseDesk.stopper.load(ordering: .relaxed) { pause() }
  _exit(2)
}

extension DictionaryMisuse.Side {
  /// The calling thread.
  static func here(_ operation: Operation) -> Self {
    let number = tophash_thread_number()
    return Self(
      operation: operation.phrase, thread: tophash_thread_identifier(number),
      threadName: threadName(number), taskName: currentTaskName, isOver: false,
      stack: MisuseStack())
  }

  /// The thread of an access word: all that is known when it does not come by.
  static func remembered(_ word: UInt64, _ stack: MisuseStack?) -> Self {
    let number = AccessWord.thread(word)
    return Self(
      operation: AccessWord.operation(word).phrase, thread: tophash_thread_identifier(number),
      threadName: threadName(number), taskName: nil, isOver: word & AccessWord.open == 0,
      stack: stack)
  }

  private static func threadName(_ number: UInt32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
      tophash_thread_name(number, name.baseAddress, 64) ? String(cString: name.baseAddress!) : nil
    }
  }

  private static var currentTaskName: String? {
    guard withUnsafeCurrentTask(body: { $0 != nil }) else { return nil }
    #if compiler(>=6.2)
    return Task.name ?? ""
    #else
    return ""
    #endif
  }
}

extension Operation {
  var phrase: String {
    switch self {
    case .update: "was storing a value"
    case .modify: "was modifying a value"
    case .remove: "was removing a key"
    case .removeAll: "was removing all keys"
    case .reserveCapacity: "was reserving capacity"
    case .lookup: "was looking up a key"
    case .count: "was reading the count"
    case .iterate: "was iterating"
    case .copy: "was copying it"
    }
  }

  /// What it is when a change by somebody else meets it.
  var misuseKind: DictionaryMisuse.Kind {
    switch self {
    case .update, .modify, .remove, .removeAll, .reserveCapacity: .writes
    case .lookup, .count: .readAndWrite
    case .iterate: .iterationAndWrite
    case .copy: .cloneAndWrite
    }
  }
}

extension FailFastDictionary {
  /// An access that begins found a change open, or the dictionary contested.
  /// Returns the access word to begin with, nil when the access is refused.
  @usableFromInline @inline(never)
  func admit(_ operation: Operation) -> UInt64? {
    while true {
      let word = access.load(ordering: .acquiring)
      if word & AccessWord.busy == 0 { return word }
      if word & AccessWord.open != 0, AccessWord.thread(word) == tophash_thread_number() {
        MisuseDesk.respond(operation.misuseKind) {
          misuse(operation, .here(operation), .remembered(word, nil), isWithinItself: true)
        }
        return nil
      }
      if word & AccessWord.contested != 0 {
        MisuseDesk.join(ObjectIdentifier(self), side: .here(operation), isOther: false)
      } else if report(operation, word) {
        return nil
      }
    }
  }

  /// An access that ends found another word than it had left behind.
  @usableFromInline @inline(never)
  func leave(_ operation: Operation, _ expected: UInt64) {
    let word = access.load(ordering: .acquiring)
    let isWrite = expected & AccessWord.open != 0
    let marks = AccessWord.contested | AccessWord.growing | AccessWord.watched
    if (word ^ expected) & ~marks == 0 {
      guard isWrite else { return }
      if word & AccessWord.watched != 0 {
        KeyWatch.tell(self, .after)
        _ = access.bitwiseAnd(~AccessWord.watched, ordering: .relaxed)
        return endWrite(expected)
      }
      // Nobody changed anything, but somebody noticed an open change: this one.
      MisuseDesk.join(ObjectIdentifier(self), side: .here(operation), isOther: true)
      let open = word & ~AccessWord.contested
      _ = access.compareExchange(
        expected: open, desired: open & ~AccessWord.open, ordering: .relaxed)
    } else if !isWrite, AccessWord.thread(word) == tophash_thread_number() {
      // The key's own `==` or `hash(into:)` changed the dictionary.
      MisuseDesk.respond(operation.misuseKind) {
        misuse(operation, .here(operation), .remembered(word, nil), isWithinItself: true)
      }
    } else {
      _ = report(operation, word)
    }
  }

  /// Reports that the change of `word` met this access. False: a case was open
  /// already, and was waited for.
  private func report(_ operation: Operation, _ word: UInt64) -> Bool {
    let identity = ObjectIdentifier(self)
    // First, as the other side's next change leaves its own behind.
    let left = MisuseStack(
      site: site.load(ordering: .relaxed), caller: caller.load(ordering: .relaxed))
    let side = DictionaryMisuse.Side.here(operation)
    let mark = { [self] in
      _ = access.bitwiseOr(AccessWord.contested, ordering: .relaxed)
    }
    guard
      MisuseDesk.open(identity, wanting: AccessWord.thread(word), side: side, mark: mark)
    else { return false }
    let other = MisuseDesk.close(identity, mark: mark) { [self] in
      _ = access.bitwiseAnd(~AccessWord.contested, ordering: .relaxed)
    }
    MisuseDesk.respond(operation.misuseKind) {
      var told = other ?? .remembered(word, left)
      // What it did when it met this access, which may not be what it did when it came by.
      told.operation = AccessWord.operation(word).phrase
      told.isOver = word & AccessWord.open == 0
      return misuse(operation, side, told, isWithinItself: false)
    }
    return true
  }

  private func misuse(
    _ operation: Operation, _ side: DictionaryMisuse.Side, _ other: DictionaryMisuse.Side,
    isWithinItself: Bool
  ) -> DictionaryMisuse {
    DictionaryMisuse(
      kind: operation.misuseKind, dictionary: "\(Self.self)", noticedBy: side, other: other,
      isWithinItself: isWithinItself)
  }
}
