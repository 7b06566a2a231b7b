import Foundation

/// Who wants to hear of a change.
final class Observers: @unchecked Sendable {
  private var handlers: [Int: @Sendable () -> Void] = [:]
  private let lock = NSLock()

  func add(_ number: Int, _ handler: @escaping @Sendable () -> Void) {
    handlers[number] = handler  // race: add
  }

  func notify(_ number: Int) {
    handlers[number]?()  // race: notify
  }

  func addGuarded(_ number: Int, _ handler: @escaping @Sendable () -> Void) {
    lock.withLock { handlers[number] = handler }
  }

  func notifyGuarded(_ number: Int) {
    let handler = lock.withLock { handlers[number] }
    handler?()
  }
}

/// Racy: a thread registers, and another posts a little later.
let notificationList = Meeting("notification-list") {
  let observers = Observers()
  await inThreads {
    observers.add(1) {}
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    observers.notify(1)
  }
} fixed: {
  let observers = Observers()
  await inThreads {
    observers.addGuarded(1) {}
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    observers.notifyGuarded(1)
  }
}

/// What a search has found.
final class Results: @unchecked Sendable {
  private var pages: [String: Float] = [:]

  func store(_ page: String) {
    pages[page] = 1  // race: store
  }

  func rank(_ page: String) -> Float? {
    pages[page]  // race: rank
  }
}

/// Racy: waits for a while, not for the thread.
let threadResult = Meeting("thread-result") {
  let results = Results()
  Thread { results.store("home") }.start()
  try? await Task.sleep(for: .milliseconds(100))
  precondition(results.rank("home") == 1)
} fixed: {
  let results = Results()
  let done = DispatchSemaphore(value: 0)
  await inThreads {
    results.store("home")
    done.signal()
  } _: {
    done.wait()
    precondition(results.rank("home") == 1)
  }
}

/// What each shop sells.
final class Prices: @unchecked Sendable {
  private var prices: [String: UInt16] = [:]

  // Kept whole: the optimiser would merge the closures of both twins into one without lines.
  @inline(never)
  func fetch(_ shop: String) {
    prices[shop] = 9  // race: fetch
  }

  func price(_ shop: String) -> UInt16? {
    prices[shop]  // race: price
  }
}

/// Racy: a group that is entered too late is not waited for.
let groupResult = Meeting("group-result") {
  let prices = Prices()
  let group = DispatchGroup()
  await inThreads {
    DispatchQueue.global().async { prices.fetch("corner") }
    Thread.sleep(forTimeInterval: 0.1)
    group.wait()
    precondition(prices.price("corner") == 9)
  } _: {
  }
} fixed: {
  let prices = Prices()
  let group = DispatchGroup()
  await inThreads {
    DispatchQueue.global().async(group: group) { prices.fetch("corner") }
    group.wait()
    precondition(prices.price("corner") == 9)
  } _: {
  }
}

/// Letters for whoever looks into the box.
final class Letterbox: @unchecked Sendable {
  private var letters: [Int: String] = [:]
  private let condition = NSCondition()

  func post(_ letter: String) {
    letters[0] = letter  // race: post
  }

  func collect() -> String? {
    letters.removeValue(forKey: 0)  // race: collect
  }

  func postGuarded(_ letter: String) {
    condition.withLock {
      letters[0] = letter
      condition.signal()
    }
  }

  func collectGuarded() -> String? {
    condition.withLock {
      while letters.isEmpty { condition.wait() }
      return letters.removeValue(forKey: 0)
    }
  }
}

/// Racy: looks again and again until there is something.
let pollResult = Meeting("poll-result") {
  let box = Letterbox()
  await inThreads {
    box.post("hello")
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    while box.collect() == nil { Thread.sleep(forTimeInterval: 0.01) }
  }
} fixed: {
  let box = Letterbox()
  await inThreads {
    box.postGuarded("hello")
  } _: {
    precondition(box.collectGuarded() == "hello")
  }
}

/// Runs both bodies, each on a thread of its own.
func inThreads(
  _ first: @escaping @Sendable () -> Void, _ second: @escaping @Sendable () -> Void
) async {
  await withTaskGroup(of: Void.self) { group in
    for body in [first, second] {
      group.addTask {
        await withCheckedContinuation { done in
          Thread {
            body()
            done.resume()
          }.start()
        }
      }
    }
  }
}
