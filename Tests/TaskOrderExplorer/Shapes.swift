import Synchronization

/// A body of tasks, which says whether all was right in the end.
struct Shape: Sendable {
  var name: String
  var body: @Sendable () async -> Bool

  /// Not among `all`: it takes the process along.
  static let traps = Shape(name: "traps") {
    let account = Account()
    async let one: Void = account.deposit(10)
    async let other: Void = account.deposit(10)
    _ = await (one, other)
    let balance = await account.balance
    precondition(balance == 20, "a deposit was lost")
    return true
  }

  static let all: [Shape] = [
    Shape(name: "account") {
      let account = Account()
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 { group.addTask { await account.deposit(10) } }
      }
      return await account.balance == 20
    },
    Shape(name: "account-fixed") {
      let account = Account()
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 { group.addTask { await account.depositAtOnce(10) } }
      }
      return await account.balance == 20
    },
    Shape(name: "unstructured") {
      let account = Account()
      let one = Task { await account.deposit(10) }
      let other = Task { await account.deposit(10) }
      await one.value
      await other.value
      return await account.balance == 20
    },
    Shape(name: "check-then-act") {
      let cache = Cache()
      async let one: Void = fill(cache)
      async let other: Void = fill(cache)
      _ = await (one, other)
      return await cache.fills == 1
    },
    Shape(name: "unstructured-check") {
      let cache = Cache()
      let one = Task { await fill(cache) }
      let other = Task { await fill(cache) }
      _ = await (one.value, other.value)
      return await cache.fills == 1
    },
    Shape(name: "yield") {
      let count = Shared(0)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 {
          group.addTask {
            let seen = count.value.withLock { $0 }
            await Task.yield()
            count.value.withLock { $0 = seen + 1 }
          }
        }
      }
      return count.value.withLock { $0 } == 2
    },
    Shape(name: "unstructured-yield") {
      let count = Shared(0)
      let tasks = (0..<2).map { _ in
        Task {
          let seen = count.value.withLock { $0 }
          await Task.yield()
          count.value.withLock { $0 = seen + 1 }
        }
      }
      for task in tasks { await task.value }
      return count.value.withLock { $0 } == 2
    },
    Shape(name: "sleep") {
      let order = Shared(0)
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          try? await Task.sleep(for: .seconds(3600))
          order.value.withLock { $0 = $0 * 10 + 2 }
        }
        group.addTask {
          try? await Task.sleep(for: .seconds(60))
          order.value.withLock { $0 = $0 * 10 + 1 }
        }
      }
      return order.value.withLock { $0 } == 12
    },
    Shape(name: "unstructured-sleep") {
      await Task { try? await Task.sleep(for: .milliseconds(1)) }.value
      return true
    },
    Shape(name: "stream") {
      let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
      async let sum = stream.reduce(0, +)
      await withTaskGroup(of: Void.self) { group in
        for number in 1...3 { group.addTask { continuation.yield(number) } }
      }
      continuation.finish()
      return await sum == 6
    },
    Shape(name: "main-actor") {
      let counter = Counter()
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 { group.addTask { await counter.increment() } }
      }
      return await counter.count == 2
    },
    Shape(name: "continuation") {
      let box = Shared<CheckedContinuation<Int, Never>?>(nil)
      async let answer = withCheckedContinuation { continuation in
        box.value.withLock { $0 = continuation }
      }
      async let sender: Void = {
        while true {
          if let continuation = box.value.withLock({ $0 }) {
            continuation.resume(returning: 42)
            return
          }
          await Task.yield()
        }
      }()
      _ = await sender
      return await answer == 42
    },
  ]
}

/// `await`s between reading and writing.
actor Account {
  private(set) var balance = 0

  func deposit(_ amount: Int) async {
    let old = balance
    await audit()
    balance = old + amount
  }

  func depositAtOnce(_ amount: Int) async {
    balance += amount
    await audit()
  }

  nonisolated func audit() async { consideration.value.withLock { $0 += 1 } }
}

actor Cache {
  private(set) var fills = 0
  private var value: Int?

  var isEmpty: Bool { value == nil }
  func fill() {
    value = 1
    fills += 1
  }
}

/// Not empty: a call that does nothing is no reason for the compiler to leave an actor.
let consideration = Shared(0)
func consider() async { consideration.value.withLock { $0 += 1 } }

func fill(_ cache: Cache) async {
  if await cache.isEmpty {
    await consider()
    await cache.fill()
  }
}

@MainActor final class Counter {
  private(set) var count = 0
  nonisolated init() {}
  func increment() { count += 1 }
}

final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }
}
