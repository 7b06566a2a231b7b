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

  Idiom("atomic-global") {
    // Two functions, and a flag that only their code knows of.
    await inParallel(workers: 2) { worker in
      if worker == 0 { writePostcard() } else { readPostcard() }
    }
  },

  Idiom("atomic-in-global") {
    await inParallel(workers: 2) { worker in
      if worker == 0 { writeTelegram() } else { readTelegram() }
    }
  },

  Idiom("atomic-static") {
    await inParallel(workers: 2) { worker in
      if worker == 0 { Poster.write() } else { Poster.read() }
    }
  },

  Idiom("atomic-captured") {
    // The flag is no property of whoever uses it.
    let flag = Flag()
    let ledger = Ledger()
    await inParallel(workers: 2) { worker in
      guard flag.isUp.load(ordering: .acquiring) == (worker == 1) else {
        sched_yield()
        return
      }
      ledger.update(worker)
      flag.isUp.store(worker == 0, ordering: .releasing)
    }
  },

  Idiom("atomic-hand-over") {
    // Once, from a thread to the task that made it: nobody has a second chance to wait.
    let flag = Flag()
    let ledger = Ledger()
    startThread {
      ledger.update(0)
      flag.isUp.store(true, ordering: .releasing)
    }
    while !flag.isUp.load(ordering: .acquiring) { sched_yield() }
    ledger.update(1)
  },

  Idiom("atomic-beside") {
    // The flag is a property of the object that it guards, whose methods do not know of it.
    let parcel = Parcel()
    fill(parcel) {
      while !parcel.isFull.load(ordering: .acquiring) { sched_yield() }
      parcel.contents["string"] = 2
    }
  },

  Idiom("atomic-snapshot") {
    // A table that never changes once others can see it.
    let newest = Snapshots()
    await inParallel(workers: 3) { worker in
      if worker == 0 { newest.replace() } else { precondition(newest.value("size") > 0) }
    }
  },

  Idiom("atomic-lazy-reference") {
    let library = LazyTable()
    await inParallel { worker in precondition(library.table.value("size") == 1) }
  },

  Idiom("mutex-global") {
    await inParallel { updateGuardedLedger($0) }
  },

  Idiom("mutex-captured") {
    let gate = Gate()
    let ledger = Ledger()
    await inParallel { worker in
      gate.mutex.withLock { _ in ledger.update(worker) }
    }
  },
]

private let postcardIsReady = Atomic(false)
private let postcard = Ledger()

private func writePostcard() {
  guard !postcardIsReady.load(ordering: .acquiring) else {
    sched_yield()
    return
  }
  postcard.update(0)
  postcardIsReady.store(true, ordering: .releasing)
}

private func readPostcard() {
  guard postcardIsReady.load(ordering: .acquiring) else {
    sched_yield()
    return
  }
  postcard.update(1)
  postcardIsReady.store(false, ordering: .releasing)
}

private struct Office: ~Copyable {
  let isOpen = Atomic(false)
  let telegram = Ledger()
}

private let office = Office()

private func writeTelegram() {
  guard !office.isOpen.load(ordering: .acquiring) else {
    sched_yield()
    return
  }
  office.telegram.update(0)
  office.isOpen.store(true, ordering: .releasing)
}

private func readTelegram() {
  guard office.isOpen.load(ordering: .acquiring) else {
    sched_yield()
    return
  }
  office.telegram.update(1)
  office.isOpen.store(false, ordering: .releasing)
}

private enum Poster {
  static let isUp = Atomic(false)
  static let ledger = Ledger()

  static func write() {
    guard !isUp.load(ordering: .acquiring) else {
      sched_yield()
      return
    }
    ledger.update(0)
    isUp.store(true, ordering: .releasing)
  }

  static func read() {
    guard isUp.load(ordering: .acquiring) else {
      sched_yield()
      return
    }
    ledger.update(1)
    isUp.store(false, ordering: .releasing)
  }
}

private final class Flag: Sendable {
  let isUp = Atomic(false)
}

private final class Parcel: @unchecked Sendable {
  var contents: [String: Int] = [:]
  let isFull = Atomic(false)
}

private func fill(_ parcel: Parcel, then open: () -> Void) {
  startThread {
    parcel.contents["paper"] = 1
    parcel.isFull.store(true, ordering: .releasing)
  }
  open()
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
  Thread(block: body).start()
}

private final class Gate: Sendable {
  let mutex = Mutex(())
}

private let guardedLedger = Ledger()
private let guardOfLedger = Mutex(())

private func updateGuardedLedger(_ worker: Int) {
  guardOfLedger.withLock { _ in guardedLedger.update(worker) }
}

/// Written once, before anybody else can see it.
private final class Table: @unchecked Sendable {
  private var values: [String: Int] = [:]

  init(size: Int) {
    values["size"] = size
    fill()
  }

  @inline(never)
  private func fill() {
    values["colour", default: 0] += 1
  }

  func value(_ name: String) -> Int { values[name] ?? 0 }
}

private final class Snapshots: @unchecked Sendable {
  // Every table stays: a reader may still look at an old one.
  private var all = [Table(size: 1)]
  private let newest: Atomic<Unmanaged<Table>>

  init() {
    newest = Atomic(Unmanaged.passUnretained(all[0]))
  }

  /// By one thread only.
  func replace() {
    guard all.count < 500 else { return }
    let table = Table(size: all.count + 1)
    all.append(table)
    newest.store(Unmanaged.passUnretained(table), ordering: .releasing)
  }

  func value(_ name: String) -> Int {
    newest.load(ordering: .acquiring)._withUnsafeGuaranteedRef { $0.value(name) }
  }
}

private final class LazyTable: Sendable {
  private let reference = AtomicLazyReference<Table>()

  var table: Table { reference.load() ?? reference.storeIfNil(Table(size: 1)) }
}

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
