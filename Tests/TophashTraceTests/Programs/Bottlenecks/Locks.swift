import Foundation
import Synchronization

/// Everybody wants one lock for long, and another one for a moment.
final class Lock: @unchecked Sendable {
  private let hot = NSLock()
  private let cold = NSLock()
  private var entries: [Int: Int] = [:]
  private var count = 0
  private let truth = Truth()

  func run() {
    onThreads(4) { index in
      for round in 0..<40 {
        self.store(round, for: index)
        self.cold.withLock { self.count += 1 }
      }
    }
    truth.tell()
  }

  private func store(_ value: Int, for key: Int) {
    let start = Truth.now()
    hot.lock()
    truth.add(since: start)
    entries[key] = value
    work(milliseconds: 2)
    hot.unlock()
  }
}

/// The same with a lock whose fast path is part of the program.
final class MutexLock: Sendable {
  private let entries = Mutex<[Int: Int]>([:])
  private let truth = Truth()

  func run() {
    onThreads(4) { index in
      for round in 0..<40 { self.store(round, for: index) }
    }
    truth.tell()
  }

  private func store(_ value: Int, for key: Int) {
    let start = Truth.now()
    entries.withLock { entries in
      truth.add(since: start)
      entries[key] = value
      work(milliseconds: 2)
    }
  }
}

/// Readers come so close to each other that a writer hardly gets its turn.
final class StarvedWriter: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
  private var entries: [Int: Int] = [:]
  private let truth = Truth()
  private let isOver = Atomic<Bool>(false)

  func run() {
    pthread_rwlock_init(lock, nil)
    onThreads(4) { index in
      if index == 0 {
        for round in 0..<8 { self.write(round) }
        self.isOver.store(true, ordering: .relaxed)
      } else {
        // They overlap by half of their time.
        work(milliseconds: Double(index))
        for _ in 0..<40 where !self.isOver.load(ordering: .relaxed) { self.read() }
      }
    }
    truth.tell()
  }

  private func write(_ value: Int) {
    work(milliseconds: 5)
    let start = Truth.now()
    pthread_rwlock_wrlock(lock)
    truth.add(since: start)
    entries[value] = value
    pthread_rwlock_unlock(lock)
  }

  private func read() {
    pthread_rwlock_rdlock(lock)
    _ = entries[0]
    work(milliseconds: 6)
    pthread_rwlock_unlock(lock)
  }
}

/// Two threads that wait for each other until somebody ends them.
final class Hang: @unchecked Sendable {
  private let accounts = NSLock()
  private let journal = NSLock()

  func run() {
    onThreads(2) { index in
      if index == 0 { self.transfer() } else { self.audit() }
    }
  }

  private func transfer() {
    accounts.lock()
    work(milliseconds: 50)
    journal.lock()
  }

  private func audit() {
    journal.lock()
    work(milliseconds: 50)
    print("hanging")
    fflush(nil)
    accounts.lock()
  }
}
