import Foundation
import Synchronization
import Testing

@testable import Tophash

/// What happens when two accesses meet.
@Suite struct FailFastDictionaryMisuseTests {
  @Test(arguments: [
    ("write-write", "concurrent map writes", "was storing a value"),
    ("read-write", "concurrent map read and map write", "was looking up a key"),
    ("iterate-write", "concurrent map iteration and map write", "was iterating"),
    ("delete-write", "concurrent map writes", "was removing a key"),
    ("clear-write", "concurrent map writes", "was removing all keys"),
    ("clone-write", "concurrent map clone and map write", "was copying it"),
    ("count-write", "concurrent map read and map write", "was reading the count"),
    ("store-store", "concurrent map writes", "was modifying a value"),
  ])
  func `stops the program with Go's sentence and both sides`(
    _ scenario: String, _ sentence: String, _ operation: String
  ) throws {
    let ended = try Self.run([scenario, "--held"])
    #expect(ended.status == 2)
    #expect(ended.output == "")
    let lines = ended.errors.split(separator: "\n", omittingEmptySubsequences: false)
    try #require(lines.count > 8, "\(ended.errors)")
    #expect(lines[0] == "fatal error: \(sentence)")
    #expect(lines[1] == "")
    #expect(lines[2].hasPrefix("FailFastDictionary<Int, Int>: thread "))
    #expect(lines[3].hasPrefix("while thread "))
    // Either may notice when both are changes, and then the first may be over by now.
    let did = lines[2...3].map { $0.replacing(" (which had ended)", with: "") }.sorted {
      $0.contains("\"first\"") && $1.contains("\"second\"")
    }
    #expect(did[0].hasSuffix(", task \"first\" \(operation)"))
    #expect(did[1].hasSuffix(", task \"second\" was modifying a value"))
    let sides = ended.errors.components(separatedBy: "\n\n").dropFirst(2)
      .sorted { $0.contains("\"first\"") && $1.contains("\"second\"") }
    try #require(sides.count == 2)
    // In an optimised program, `first` has gone on into `write`.
    #expect(sides[0].contains("Scenario.first(_:_:)") || sides[0].contains("Scenario.write("))
    #expect(sides[1].contains("DictionaryMisuser.hold(_:)"))
    #expect(sides.allSatisfy { $0.contains("DictionaryMisuser.swift:") })
  }

  @Test func `a handler replaces the stop`() throws {
    let ended = try Self.run(["count-write", "--held", "--report"])
    #expect(ended.status == 0)
    #expect(ended.errors == "")
    #expect(
      ended.output.hasPrefix("noticed: concurrent map read and map write; both sides named: true\n")
    )
    #expect(ended.output.hasSuffix("not noticed\n"))
  }

  @Test func `throwing gives the misuse to the caller, and the access is refused`() throws {
    let dictionary: FailFastDictionary = [1: 1, 2: 2]
    let other = Holder(dictionary)
    other.begin()
    let misuse = try #require(throws: DictionaryMisuse.self) {
      try DictionaryMisuse.throwing {
        #expect(dictionary[2] == nil)
      }
    }
    other.end()
    #expect(misuse.kind == .readAndWrite)
    #expect(misuse.noticedBy.operation == "was looking up a key")
    #expect(misuse.other.operation == "was modifying a value")
    #expect(misuse.noticedBy.thread != misuse.other.thread)
    #expect(misuse.other.threadName == "holder")
    #expect(!misuse.other.isOver)
    #expect(!misuse.isWithinItself)
    #expect(misuse.other.frames.contains { $0.contains("Holder") })
    #expect(dictionary == [1: 2, 2: 2])
  }

  @Test(arguments: [KeyHashing.fast, .keyed], [false, true])
  func `a look-up is checked that cannot go the short way`(
    _ hashing: KeyHashing, _ isGrowing: Bool
  ) throws {
    let dictionary = FailFastDictionary<Int, Int>(hashing: hashing)
    for number in 0..<(isGrowing ? 53 : 50) { dictionary[number] = number }
    #expect((dictionary.statistics.growth != nil) == isGrowing)
    #expect(dictionary[50, default: -1] == (isGrowing ? 50 : -1))
    // Each with a holder of its own: the first look-up has it come to its end.
    for lookUp in [{ dictionary[2] != nil }, { dictionary.contains(2) }] {
      let other = Holder(dictionary)
      other.begin()
      let misuse = try #require(throws: DictionaryMisuse.self) {
        try DictionaryMisuse.throwing { #expect(!lookUp()) }
      }
      other.end()
      #expect(misuse.kind == .readAndWrite)
      #expect(misuse.noticedBy.operation == "was looking up a key")
    }
    #expect(dictionary[2] == 2)
    #expect(dictionary.violation() == nil)
  }

  @Test func `a change that overwrote the word of one that made it grow is made good`() {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<417 { dictionary[number] = number }
    #expect(dictionary.statistics.growth != nil)
    // As if another thread had begun its change before that, and ended it now.
    let word = dictionary.access.load(ordering: .relaxed)
    dictionary.access.store(word & ~AccessWord.growing, ordering: .relaxed)
    dictionary[0] = 0
    #expect(dictionary.statistics.growth != nil)
    #expect((0..<417).allSatisfy { dictionary[$0] == $0 })
    #expect(dictionary.violation() == nil)
  }

  @Test func `a change that meets another one is refused`() throws {
    let dictionary: FailFastDictionary = [1: 1, 2: 2]
    let other = Holder(dictionary)
    other.begin()
    let misuse = try #require(throws: DictionaryMisuse.self) {
      try DictionaryMisuse.throwing { dictionary[3] = 3 }
    }
    other.end()
    #expect(misuse.kind == .writes)
    #expect(dictionary == [1: 2, 2: 2])
  }

  @Test func `an access within another one is noticed too`() throws {
    let dictionary: FailFastDictionary = [1: 1]
    func within(_ value: inout Int, _ body: () -> Void) { body() }
    let misuse = try #require(throws: DictionaryMisuse.self) {
      try DictionaryMisuse.throwing {
        within(&dictionary[1, default: 0]) { #expect(dictionary[1] == nil) }
      }
    }
    #expect(misuse.kind == .readAndWrite)
    #expect(misuse.isWithinItself)
    #expect(misuse.description.contains("while it was modifying a value, further up the stack\n"))

    let second = try #require(throws: DictionaryMisuse.self) {
      try DictionaryMisuse.throwing { within(&dictionary[1, default: 0]) { dictionary[2] = 2 } }
    }
    #expect(second.kind == .writes)
    #expect(dictionary == [1: 1])
  }

  @Test func `a key that changes the dictionary while it is compared is noticed`() throws {
    struct Meddler: Hashable {
      nonisolated(unsafe) static var body: () -> Void = {}
      func hash(into hasher: inout Hasher) {}
      static func == (left: Meddler, right: Meddler) -> Bool {
        body()
        return true
      }
    }
    let dictionary: FailFastDictionary = [Meddler(): 1]
    Meddler.body = {
      Meddler.body = {}
      dictionary.reserveCapacity(100)
    }
    let misuse = try #require(throws: DictionaryMisuse.self) {
      try DictionaryMisuse.throwing { _ = dictionary.contains(Meddler()) }
    }
    #expect(misuse.kind == .readAndWrite)
    #expect(misuse.other.operation == "was reserving capacity")
  }

  @Test func `a change that begins and ends during a longer one is noticed by that one`() throws {
    let dictionary: FailFastDictionary = [1: 1]
    let misuse = try #require(throws: DictionaryMisuse.self) {
      try DictionaryMisuse.throwing {
        let word = try #require(dictionary.beginWrite(.update))
        // As if another thread had looked at the word just before that.
        let thread = AccessWord.thread(word) &+ 1
        let foreign = AccessWord.next(after: word, .remove, thread: thread) & ~AccessWord.open
        dictionary.access.store(foreign, ordering: .relaxed)
        dictionary.endWrite(word)
      }
    }
    #expect(misuse.kind == .writes)
    #expect(misuse.noticedBy.operation == "was storing a value")
    #expect(misuse.other.operation == "was removing a key")
    #expect(misuse.other.isOver)
    #expect(!misuse.other.frames.isEmpty)
    #expect(dictionary[1] == 1)
  }

  /// Dispatch's own functions keep no frame pointers: what they leave there is no frame.
  @Test func `stacks are taken on any thread, and nothing outside of them is read`() {
    let taken = Atomic(0)
    let left = Atomic(0)
    for _ in 0..<50 {
      DispatchQueue.concurrentPerform(iterations: 64) { depth in
        let stack = Self.stack(below: depth % 8, left)
        taken.add(stack.frameCount > depth % 8 ? 1 : 0, ordering: .relaxed)
      }
    }
    #expect(taken.load(ordering: .relaxed) == 50 * 64)
    #expect(left.load(ordering: .relaxed) == 50 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8) * 8)
  }

  /// Each call has a frame, in optimised builds too: it has something to do after the next one.
  @inline(never) private static func stack(below depth: Int, _ left: borrowing Atomic<Int>)
    -> MisuseStack
  {
    let stack = depth == 0 ? MisuseStack() : stack(below: depth - 1, left)
    left.add(1, ordering: .relaxed)
    return stack
  }

  @Test func `what a lock puts in order is not noticed`() {
    let lock = NSLock()
    nonisolated(unsafe) let dictionary = FailFastDictionary<Int, Int>()
    DispatchQueue.concurrentPerform(iterations: 4) { worker in
      for number in 0..<5000 {
        lock.lock()
        dictionary[number % 700, default: 0] += 1
        if number % 5 == worker { dictionary[number % 90] = nil }
        lock.unlock()
      }
    }
    #expect(dictionary.violation() == nil)
  }

  @Test func `reading together is not noticed`() {
    nonisolated(unsafe) let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<1000 { dictionary[number] = number }
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      #expect((0..<1000).allSatisfy { dictionary[$0] == $0 })
      #expect(dictionary.reduce(0) { $0 + $1.value } == 499_500)
      #expect(dictionary.copy().count == dictionary.count)
    }
  }

  private static func run(
    _ arguments: [String]
  ) throws -> (status: Int32, output: String, errors: String) {
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    let process = Process()
    let output = Pipe()
    let errors = Pipe()
    process.executableURL = folder.appendingPathComponent("DictionaryMisuser")
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let written = try output.fileHandleForReading.readToEnd() ?? Data()
    let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: written, as: UTF8.self),
      String(decoding: complained, as: UTF8.self)
    )
  }
}

/// A thread that holds a value open until the misuse was noticed.
private final class Holder: @unchecked Sendable {
  // Shared on purpose; the semaphores order everything else.
  private let dictionary: FailFastDictionary<Int, Int>
  private let isHeld = DispatchSemaphore(value: 0)
  private let hasEnded = DispatchSemaphore(value: 0)
  private let isNoticed = Atomic(false)

  init(_ dictionary: FailFastDictionary<Int, Int>) { self.dictionary = dictionary }

  func begin() {
    let thread = Thread { [self] in
      // What `pthread_setname_np` does.
      try? Data("holder".utf8).write(to: URL(fileURLWithPath: "/proc/thread-self/comm"))
      hold(&dictionary[1, default: 0])
      hasEnded.signal()
    }
    thread.start()
    isHeld.wait()
  }

  /// After the misuse was noticed. The other side may have waited in vain, on a busy machine, and
  /// have taken its mark away again.
  func end() {
    isNoticed.store(true, ordering: .relaxed)
    hasEnded.wait()
  }

  private func hold(_ value: inout Int) {
    value += 1
    isHeld.signal()
    while dictionary.access.load(ordering: .relaxed) & AccessWord.contested == 0,
      !isNoticed.load(ordering: .relaxed)
    { sched_yield() }
  }
}
