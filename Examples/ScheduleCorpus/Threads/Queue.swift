import Foundation

/// What is put into a queue is written into a log as well, but in a critical section of its own:
/// whoever takes it out finds no entry.
extension Program {
  static let queue = threads("queue", "logged after it was put") { isFixed in
    let queue = LoggedQueue(logsAtOnce: isFixed)
    onThreads([
      { for number in 1...8 { queue.put(number) } },
      { for _ in 1...8 { queue.take() } },
    ])
  }
}

private final class LoggedQueue: @unchecked Sendable {
  private let lock = NSLock()
  private var numbers: [Int] = []
  private var log: Set<Int> = []
  private let logsAtOnce: Bool

  init(logsAtOnce: Bool) {
    self.logsAtOnce = logsAtOnce
  }

  func put(_ number: Int) {
    lock.withLock {
      numbers.append(number)
      if logsAtOnce { log.insert(number) }
    }
    if !logsAtOnce { lock.withLock { _ = log.insert(number) } }
  }

  func take() {
    lock.withLock {
      guard let number = numbers.first else { return }
      numbers.removeFirst()
      check(log.contains(number), "a number came out that never went in")
    }
  }
}
