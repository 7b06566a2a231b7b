import CUnusualLocks
import Foundation

/// Locks that are stored in the object they guard, and locked through `&`.
///
/// Swift counts `&mutex` as a change of the property that lasts as long as the call, so that two
/// threads waiting for one lock seem to change it at the same time. That is what a lock is for.
let locksInProperties = [
  Idiom("stored-mutex") {
    let account = MutexAccount()
    await inParallel { account.update($0) }
  },

  Idiom("stored-rwlock") {
    let account = ReadWriteAccount()
    await inParallel { worker in
      if worker == 0 { account.update(worker) } else { account.read() }
    }
  },

  Idiom("stored-spin-lock") {
    let account = SpinAccount()
    await inParallel { account.update($0) }
  },

  Idiom("stored-semaphore") {
    let account = SemaphoreAccount()
    await inParallel { account.update($0) }
  },

  Idiom("stored-condition") {
    let gate = Gate()
    await inParallel(workers: 2) { worker in
      if worker == 0 { gate.open() } else { gate.pass() }
    }
  },

  Idiom("stored-struct-with-lock") {
    let account = NestedLockAccount()
    await inParallel { account.update($0) }
  },

  Idiom("stored-c-lock") {
    let account = TinyLockAccount()
    await inParallel { account.update($0) }
  },

  Idiom("stored-c-atomic") {
    let letter = Letter()
    await inParallel(workers: 2) { worker in
      if worker == 0 { letter.write() } else { letter.read() }
    }
  },
]

private final class MutexAccount: @unchecked Sendable {
  private var mutex = pthread_mutex_t()
  private let ledger = Ledger()

  init() { pthread_mutex_init(&mutex, nil) }
  deinit { pthread_mutex_destroy(&mutex) }

  func update(_ worker: Int) {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    ledger.update(worker)
  }
}

private final class ReadWriteAccount: @unchecked Sendable {
  private var lock = pthread_rwlock_t()
  private let ledger = Ledger()

  init() { pthread_rwlock_init(&lock, nil) }
  deinit { pthread_rwlock_destroy(&lock) }

  func update(_ worker: Int) {
    pthread_rwlock_wrlock(&lock)
    defer { pthread_rwlock_unlock(&lock) }
    ledger.update(worker)
  }

  func read() {
    pthread_rwlock_rdlock(&lock)
    defer { pthread_rwlock_unlock(&lock) }
    for account in 0..<4 { precondition(ledger.balance(account) >= 0) }
  }
}

/// On Linux a spin lock is a mere `Int32`: its type does not tell that it is a lock.
private final class SpinAccount: @unchecked Sendable {
  private var spin = pthread_spinlock_t()
  private let ledger = Ledger()

  init() { pthread_spin_init(&spin, Int32(PTHREAD_PROCESS_PRIVATE)) }
  deinit { pthread_spin_destroy(&spin) }

  func update(_ worker: Int) {
    while pthread_spin_trylock(&spin) != 0 { sched_yield() }
    ledger.update(worker)
    pthread_spin_unlock(&spin)
    pthread_spin_lock(&spin)
    ledger.update(worker)
    pthread_spin_unlock(&spin)
  }
}

private final class SemaphoreAccount: @unchecked Sendable {
  private var semaphore = sem_t()
  private let ledger = Ledger()

  init() { sem_init(&semaphore, 0, 1) }
  deinit { sem_destroy(&semaphore) }

  func update(_ worker: Int) {
    sem_wait(&semaphore)
    defer { sem_post(&semaphore) }
    ledger.update(worker)
  }
}

private final class Gate: @unchecked Sendable {
  private var mutex = pthread_mutex_t()
  private var opened = pthread_cond_t()
  private var passes: [Int] = []

  init() {
    pthread_mutex_init(&mutex, nil)
    pthread_cond_init(&opened, nil)
  }

  deinit {
    pthread_cond_destroy(&opened)
    pthread_mutex_destroy(&mutex)
  }

  func open() {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    if passes.count < 8 { passes.append(1) }
    pthread_cond_signal(&opened)
  }

  func pass() {
    pthread_mutex_lock(&mutex)
    defer { pthread_mutex_unlock(&mutex) }
    if passes.isEmpty {
      var deadline = timespec()
      clock_gettime(CLOCK_REALTIME, &deadline)
      deadline.tv_nsec += 5_000_000
      if deadline.tv_nsec >= 1_000_000_000 {
        deadline.tv_nsec -= 1_000_000_000
        deadline.tv_sec += 1
      }
      // Waits with both addresses in use, while others use them, too.
      pthread_cond_timedwait(&opened, &mutex, &deadline)
    }
    _ = passes.popLast()
  }
}

/// A lock that is part of a struct: what is open while it is waited for is the whole property.
private final class NestedLockAccount: @unchecked Sendable {
  private struct Protection {
    var name = "account"
    var mutex = pthread_mutex_t()
  }

  private var protection = Protection()
  private let ledger = Ledger()

  init() { pthread_mutex_init(&protection.mutex, nil) }
  deinit { pthread_mutex_destroy(&protection.mutex) }

  func update(_ worker: Int) {
    pthread_mutex_lock(&protection.mutex)
    defer { pthread_mutex_unlock(&protection.mutex) }
    ledger.update(worker)
  }
}

/// A lock made by a C library: neither its type nor its functions are known to anyone.
private final class TinyLockAccount: @unchecked Sendable {
  private var lock = tiny_lock()
  private let ledger = Ledger()

  func update(_ worker: Int) {
    tiny_lock_lock(&lock)
    defer { tiny_lock_unlock(&lock) }
    ledger.update(worker)
  }
}

/// Text that is handed over by a flag, which C reads and writes atomically.
private final class Letter: @unchecked Sendable {
  private var isReady = atomic_flag_cell()
  private var words: [String] = []

  func write() {
    guard atomic_flag_cell_load(&isReady) == 0 else { return pause() }
    words.append("hello")
    atomic_flag_cell_store(&isReady, 1)
  }

  func read() {
    guard atomic_flag_cell_load(&isReady) == 1 else { return pause() }
    _ = words.popLast()
    atomic_flag_cell_store(&isReady, 0)
  }
}

private func pause() {
  sched_yield()
}
