import Foundation

/// Lock objects.
let locks = [
  Idiom("nslock") {
    let lock = NSLock()
    let ledger = Ledger()
    await inParallel { worker in
      lock.withLock { ledger.update(worker) }
    }
  },

  Idiom("recursive-lock") {
    let lock = NSRecursiveLock()
    let ledger = Ledger()
    await inParallel { worker in
      lock.withLock {
        ledger.update(worker)
        lock.withLock { ledger.update(worker + 1) }
      }
    }
  },

  Idiom("condition") {
    let mailbox = Mailbox(capacity: 8)
    await inParallel(workers: 2) { worker in
      if worker == 0 { mailbox.put(1) } else { mailbox.take() }
    }
  },

  Idiom("condition-lock") {
    // The state of the lock says whose turn it is.
    let turn = NSConditionLock(condition: 0)
    let ledger = Ledger()
    await inParallel(workers: 2) { worker in
      guard turn.lock(whenCondition: worker, before: Date(timeIntervalSinceNow: 0.02)) else {
        return
      }
      ledger.update(worker)
      turn.unlock(withCondition: 1 - worker)
    }
  },

  Idiom("dispatch-semaphore") {
    let semaphore = DispatchSemaphore(value: 1)
    let ledger = Ledger()
    await inParallel { worker in
      semaphore.wait()
      ledger.update(worker)
      semaphore.signal()
    }
  },

  Idiom("try-lock") {
    let lock = NSLock()
    let ledger = Ledger()
    await inParallel { worker in
      guard lock.try() else { return }
      ledger.update(worker)
      lock.unlock()
    }
  },

  Idiom("allocated-rwlock") {
    let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    pthread_rwlock_init(lock, nil)
    nonisolated(unsafe) let shared = lock
    let ledger = Ledger()
    await inParallel { worker in
      if worker == 0 {
        pthread_rwlock_wrlock(shared)
        ledger.update(worker)
      } else {
        pthread_rwlock_rdlock(shared)
        // Release builds look for conflicts once, before this loop.
        for account in 0..<4 { precondition(ledger.balance(account) >= 0) }
      }
      pthread_rwlock_unlock(shared)
    }
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  },
]

/// A queue of bounded length, with the condition that guards it.
private final class Mailbox: @unchecked Sendable {
  private let condition = NSCondition()
  private let capacity: Int
  private var letters: [Int] = []

  init(capacity: Int) {
    self.capacity = capacity
  }

  func put(_ letter: Int) {
    condition.withLock {
      // Never waits for ever: the other side may have ended.
      if letters.count == capacity {
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.01))
      }
      if letters.count < capacity { letters.append(letter) }
      condition.signal()
    }
  }

  func take() {
    condition.withLock {
      if letters.isEmpty {
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.01))
      }
      _ = letters.popLast()
      condition.signal()
    }
  }
}
