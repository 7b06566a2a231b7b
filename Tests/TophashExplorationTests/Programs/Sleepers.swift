// Threads and tasks that sleep between their accesses: whoever sleeps may wake while another one is
// in the middle of something. With "fixed", the accesses are guarded.

import Foundation
import Synchronization

let isFixed = CommandLine.arguments.contains("fixed")

final class Account: @unchecked Sendable {
  private let lock = NSLock()
  private var balance = 0

  func deposit(_ amount: Int) {
    if isFixed { lock.lock() }
    let before = balance
    balance = before + amount
    if isFixed { lock.unlock() }
  }

  var total: Int { lock.withLock { balance } }
}

@main struct Sleepers {
  static func main() async {
    switch CommandLine.arguments[1] {
    case "threads": threads()
    case "tasks": await tasks()
    case "items": items()
    case "poll": poll()
    case "poll-tasks": await pollInTasks()
    case "timeout": timeout()
    case "timeout-tasks": await timeoutInTasks()
    case "ticks": ticks()
    default: exit(64)
    }
  }

  /// Both sleep first, one of them longer.
  static func threads() {
    let account = Account()
    let done = DispatchSemaphore(value: 0)
    for number in 1...2 {
      Thread.detachNewThread {
        for _ in 0..<3 {
          usleep(UInt32(number) * 700)
          account.deposit(1)
        }
        done.signal()
      }
    }
    for _ in 1...2 { done.wait() }
    if account.total != 6 { fatalError("a deposit was lost") }
  }

  static func tasks() async {
    let account = Account()
    await withTaskGroup(of: Void.self) { group in
      for number in 1...2 {
        group.addTask {
          for _ in 0..<3 {
            try? await Task.sleep(for: .microseconds(number * 700))
            account.deposit(1)
          }
        }
      }
    }
    if account.total != 6 { fatalError("a deposit was lost") }
  }

  static func items() {
    let account = Account()
    let all = DispatchGroup()
    for number in 1...2 {
      all.enter()
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(number)) {
        account.deposit(1)
        all.leave()
      }
    }
    all.wait()
    if account.total != 2 { fatalError("a deposit was lost") }
  }

  // MARK: Correct ones

  /// One works, two look again and again whether it has ended.
  static func poll() {
    let isOver = Atomic(false)
    let account = Account()
    let done = DispatchSemaphore(value: 0)
    for _ in 1...2 {
      Thread.detachNewThread {
        while !isOver.load(ordering: .acquiring) { usleep(10) }
        done.signal()
      }
    }
    for _ in 0..<50 { _ = account.total }
    isOver.store(true, ordering: .releasing)
    for _ in 1...2 { done.wait() }
  }

  static func pollInTasks() async {
    let isOver = Atomic(false)
    let account = Account()
    let looking = Task {
      while !isOver.load(ordering: .acquiring) { try? await Task.sleep(for: .microseconds(10)) }
    }
    for _ in 0..<50 { _ = account.total }
    isOver.store(true, ordering: .releasing)
    await looking.value
  }

  /// What takes no time is done in time: within ten milliseconds of waiting, or a second of sleep.
  static func timeout() {
    let account = Account()
    let lock = NSCondition()
    nonisolated(unsafe) var isThere = false
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      for _ in 0..<20 { _ = account.total }
      usleep(1000)
      lock.withLock { isThere = true }
      lock.signal()
      done.signal()
    }
    lock.lock()
    while !isThere {
      precondition(lock.wait(until: Date(timeIntervalSinceNow: 0.01)), "not in time")
    }
    lock.unlock()
    precondition(done.wait(timeout: .now() + 0.01) == .success, "not in time")
  }

  static func timeoutInTasks() async {
    let account = Account()
    let first = await withTaskGroup(of: String.self) { group in
      group.addTask {
        for _ in 0..<20 { _ = account.total }
        try? await Task.sleep(for: .milliseconds(1))
        return "answer"
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(1))
        return "timeout"
      }
      defer { group.cancelAll() }
      return await group.next()
    }
    precondition(first == "answer", "not in time")
  }

  /// A timer that fires every millisecond beside somebody who works.
  static func ticks() {
    let account = Account()
    let ticks = Mutex(0)
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "timer"))
    timer.schedule(deadline: .now(), repeating: .milliseconds(1))
    timer.setEventHandler { ticks.withLock { $0 += 1 } }
    timer.resume()
    for _ in 0..<30 { _ = account.total }
    timer.cancel()
  }
}
