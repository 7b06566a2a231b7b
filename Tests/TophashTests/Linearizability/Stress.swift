import Synchronization
import TophashLinearizability

@testable import Tophash

/// Lets several threads work on a few keys, and writes down what each of them saw.
struct Stress {
  var tasks = 4
  var operationsPerTask = 250
  var keys = 8
  var seed: UInt64

  private final class Recorder: Sendable {
    let history = Guarded(MapHistory())
    let running: Atomic<Int>
    init(tasks: Int) { running = Atomic(tasks) }
  }

  /// - Parameter background: Runs on one more thread, over and over until the tasks are done.
  func run<Dictionary: SharedDictionary>(
    _ dictionary: Dictionary, key: @escaping @Sendable (Int) -> Dictionary.Key,
    background: (@Sendable () -> Void)? = nil
  ) -> MapHistory {
    let recorder = Recorder(tasks: tasks)
    let clock = ContinuousClock()
    let start = clock.now
    onThreads(tasks + (background == nil ? 0 : 1)) { task in
      if task == tasks {
        while recorder.running.load(ordering: .acquiring) > 0 { background?() }
        return
      }
      var random = RandomSource(seed: seed &+ UInt64(task) &* 0x1234_5678_9ABC)
      var history = MapHistory()
      history.records.reserveCapacity(operationsPerTask)
      func now() -> UInt64 {
        let elapsed = (clock.now - start).components
        return UInt64(elapsed.seconds) * 1_000_000_000 + UInt64(elapsed.attoseconds / 1_000_000_000)
      }
      for step in 0..<operationsPerTask {
        let number = Int.random(in: 0..<keys, using: &random)
        // Values tell who wrote them.
        let value = task * 1_000_000 + step
        let operation: KeyOperation =
          switch Int.random(in: 0..<10, using: &random) {
          case 0, 1: .set(value)
          case 2: .remove
          case 3: .insertIfAbsent(value)
          case 4, 5: .add(1)
          case 6:
            .exchange(expected: dictionary[key(number)], desired: step % 5 == 0 ? nil : value)
          default: .read
          }
        let call = now()
        let result = Self.perform(operation, on: dictionary, key(number))
        history.records.append(
          .init(
            task: task, operation: MapOperation(key: number, operation: operation), call: call,
            answer: .init(result: result, time: now())))
      }
      recorder.history.withLock { $0.add(history) }
      recorder.running.wrappingSubtract(1, ordering: .releasing)
    }
    return recorder.history.withLock { $0 }
  }

  static func perform<Dictionary: SharedDictionary>(
    _ operation: KeyOperation, on dictionary: Dictionary, _ key: Dictionary.Key
  ) -> Int? {
    switch operation {
    case .read:
      return dictionary[key]
    case .set(let value):
      return dictionary.updateValue(value, forKey: key)
    case .remove:
      return dictionary.removeValue(forKey: key)
    case .insertIfAbsent(let value):
      return dictionary.value(forKey: key, insertingIfAbsent: value)
    case .add(let amount):
      return dictionary.withValue(forKey: key) { value in
        let old = value
        value = (value ?? 0) + amount
        return old
      }
    case .exchange(let expected, let desired):
      return dictionary.compareExchange(forKey: key, expected: expected, desired: desired).original
    }
  }
}
