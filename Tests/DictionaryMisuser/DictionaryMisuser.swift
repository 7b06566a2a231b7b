import Synchronization
import Tophash

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Shares one dictionary between two tasks, which is wrong, and lets it stop the program.
///
///     DictionaryMisuser SCENARIO [OPERATIONS] [--held] [--report]
///
/// `--held` makes sure that the two meet: the writer holds a value open until the
/// other side has come. `--report` goes on, and prints who was named.
@main
struct DictionaryMisuser {
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    let words = arguments.filter { !$0.hasPrefix("-") }
    guard let name = words.first, let scenario = Scenario(rawValue: name) else {
      print(Scenario.allCases.map(\.rawValue).joined(separator: "\n"))
      return
    }
    if arguments.contains("--report") { DictionaryMisuse.onMisuse = .report(describe) }
    let dictionary = Shared(scenario.startsEmpty ? [:] : numbers(1000))
    if arguments.contains("--held") {
      await meet(scenario, dictionary)
    } else {
      let count = words.dropFirst().first.flatMap { Int($0) } ?? 1000
      await race(scenario, dictionary, operations: count)
    }
    print("not noticed")
  }

  static func numbers(_ count: Int) -> FailFastDictionary<Int, Int> {
    let dictionary = FailFastDictionary<Int, Int>()
    for number in 0..<count { dictionary[number] = number }
    return dictionary
  }

  /// Both tasks at once, as often as asked.
  static func race(_ scenario: Scenario, _ shared: Shared, operations: Int) async {
    let startLine = StartLine(tasks: 2)
    await withTaskGroup(of: Void.self) { group in
      group.addTask(name: "first", executorPreference: ThreadEach()) {
        startLine.wait()
        scenario.first(shared.dictionary, operations)
      }
      group.addTask(name: "second", executorPreference: ThreadEach()) {
        startLine.wait()
        scenario.second(shared.dictionary, operations)
      }
    }
  }

  /// The second task holds a value open nearly all the time, and the first one runs into it.
  static func meet(_ scenario: Scenario, _ shared: Shared) async {
    let isDone = Flag()
    await withTaskGroup(of: Void.self) { group in
      group.addTask(name: "first", executorPreference: ThreadEach()) {
        while !isDone.isSet { scenario.first(shared.dictionary, 1) }
      }
      group.addTask(name: "second", executorPreference: ThreadEach()) {
        for _ in 0..<100 { hold(shared.dictionary) }
        isDone.set()
      }
    }
  }

  @inline(never)
  static func hold(_ dictionary: FailFastDictionary<Int, Int>) {
    holdOpen(&dictionary[1, default: 0])
  }

  @inline(never)
  static func holdOpen(_ value: inout Int) {
    usleep(20_000)
    value += 1
  }

  @Sendable
  static func describe(_ misuse: DictionaryMisuse) {
    let named = [misuse.noticedBy, misuse.other].map { side in
      side.thread != 0 && !side.operation.isEmpty && !side.frames.isEmpty
    }
    print("noticed: \(misuse.kind.rawValue); both sides named: \(named == [true, true])")
  }
}

enum Scenario: String, CaseIterable {
  case writeWrite = "write-write"
  case readWrite = "read-write"
  case iterateWrite = "iterate-write"
  case deleteWrite = "delete-write"
  case clearWrite = "clear-write"
  case cloneWrite = "clone-write"
  case countWrite = "count-write"
  case storeStore = "store-store"

  var startsEmpty: Bool { self == .writeWrite }

  @inline(never)
  func first(_ dictionary: FailFastDictionary<Int, Int>, _ count: Int) {
    switch self {
    case .writeWrite: write(dictionary, count, from: 0)
    case .readWrite: for key in 0..<count { sink(dictionary[key]) }
    case .iterateWrite:
      var left = count
      while left > 0 {
        for (key, _) in dictionary where left > 0 {
          sink(key)
          left -= 1
        }
      }
    case .deleteWrite: for key in 0..<count { dictionary.removeValue(forKey: key) }
    case .clearWrite: for _ in 0..<count { dictionary.removeAll(keepingCapacity: true) }
    case .cloneWrite: for _ in 0..<count { sink(dictionary.copy()) }
    case .countWrite: for _ in 0..<count { sink(dictionary.count) }
    case .storeStore: for _ in 0..<count { dictionary[1, default: 0] += 1 }
    }
  }

  @inline(never)
  func second(_ dictionary: FailFastDictionary<Int, Int>, _ count: Int) {
    switch self {
    case .storeStore: for _ in 0..<count { dictionary[1, default: 0] += 1 }
    default: write(dictionary, count, from: 1000)
    }
  }

  @inline(never)
  func write(_ dictionary: FailFastDictionary<Int, Int>, _ count: Int, from start: Int) {
    for key in start..<start + count { dictionary[key] = key }
  }
}

@inline(never)
func sink<T>(_ value: T) {}

/// Hides from the compiler that the dictionary is shared: it would refuse.
final class Shared: @unchecked Sendable {
  let dictionary: FailFastDictionary<Int, Int>

  init(_ dictionary: FailFastDictionary<Int, Int>) { self.dictionary = dictionary }
}

/// Gives each task a thread of its own. The pool has one for each processor: with a single one, a
/// task that does not suspend would keep the other from ever beginning.
final class ThreadEach: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let work = Unmanaged.passRetained(Work(job: UnownedJob(job), executor: self)).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    let failure = pthread_create(&thread, nil, { Work.run($0) }, work)
    #else
    var thread = pthread_t()
    let failure = pthread_create(&thread, nil, { Work.run($0!) }, work)
    #endif
    precondition(failure == 0, "no thread could be made")
  }

  private final class Work {
    let job: UnownedJob
    let executor: ThreadEach

    init(job: UnownedJob, executor: ThreadEach) {
      self.job = job
      self.executor = executor
    }

    static func run(_ work: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      let work = Unmanaged<Work>.fromOpaque(work).takeRetainedValue()
      pthread_detach(pthread_self())
      work.job.runSynchronously(on: work.executor.asUnownedTaskExecutor())
      return nil
    }
  }
}

/// Where tasks wait for each other, so that they begin together.
final class StartLine: Sendable {
  private let missing: Atomic<Int>

  init(tasks: Int) { missing = Atomic(tasks) }

  func wait() {
    missing.subtract(1, ordering: .relaxed)
    while missing.load(ordering: .relaxed) > 0 { sched_yield() }
  }
}

final class Flag: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set() { value.store(true, ordering: .relaxed) }
}
