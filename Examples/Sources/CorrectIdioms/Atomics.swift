import Foundation
import Synchronization

/// `Mutex` and `Atomic`, whose work is compiled into the program and cannot be seen from outside.
let atomics = [
  Idiom("mutex-value") {
    let accounts = GuardedAccounts()
    await inParallel { worker in
      accounts.balances.withLock { $0[worker % 4, default: 0] += 1 }
    }
  },

  Idiom("mutex-beside") {
    let account = MutexBeside()
    await inParallel { account.update($0) }
  },

  Idiom("atomic-publication") {
    let letter = PublishedLetter()
    await inParallel(workers: 2) { worker in
      if worker == 0 { letter.write() } else { letter.read() }
    }
  },

  Idiom("atomic-spin-lock") {
    let account = AtomicSpinAccount()
    await inParallel { account.update($0) }
  },

  Idiom("atomic-tickets") {
    // A ticket gives each worker a ledger of its own.
    let desk = TicketDesk()
    await inParallel { desk.update($0) }
  },
]

private final class GuardedAccounts: Sendable {
  let balances = Mutex<[Int: Int]>([:])
}

/// A mutex that guards what lies outside it.
private final class MutexBeside: @unchecked Sendable {
  private let mutex = Mutex(())
  private let ledger = Ledger()

  func update(_ worker: Int) {
    mutex.withLock { _ in ledger.update(worker) }
  }
}

private final class PublishedLetter: @unchecked Sendable {
  private let isReady = Atomic(false)
  private var words: [String: Int] = [:]

  func write() {
    // Acquiring and releasing: each side takes over what the other has left behind.
    guard !isReady.load(ordering: .acquiring) else {
      sched_yield()
      return
    }
    words["hello", default: 0] += 1
    isReady.store(true, ordering: .releasing)
  }

  func read() {
    guard isReady.load(ordering: .acquiring) else {
      sched_yield()
      return
    }
    precondition(words["hello"] != nil)
    words["hello"] = nil
    isReady.store(false, ordering: .releasing)
  }
}

private final class AtomicSpinAccount: @unchecked Sendable {
  private let isTaken = Atomic(false)
  private let ledger = Ledger()

  func update(_ worker: Int) {
    // Acquiring: sees what the last owner wrote before its releasing store.
    while isTaken.exchange(true, ordering: .acquiring) { sched_yield() }
    ledger.update(worker)
    isTaken.store(false, ordering: .releasing)
  }
}

private final class TicketDesk: Sendable {
  private let free = Atomic<UInt8>(0b1111)
  private let ledgers = (0..<4).map { _ in Ledger() }

  func update(_ worker: Int) {
    let taken = free.load(ordering: .acquiring)
    guard taken != 0 else { return }
    let ticket = taken.trailingZeroBitCount
    // Acquiring and releasing: a ledger comes from its last user and goes to its next.
    let (exchanged, _) = free.compareExchange(
      expected: taken, desired: taken & ~(1 << ticket), ordering: .acquiringAndReleasing)
    guard exchanged else { return }
    ledgers[ticket].update(worker)
    free.bitwiseOr(1 << ticket, ordering: .acquiringAndReleasing)
  }
}
