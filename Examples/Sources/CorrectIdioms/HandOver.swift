import Foundation

/// One at a time has it, and hands it on.
let handOver = [
  Idiom("semaphore-mailbox") {
    let box = Mailbox()
    await inParallel(workers: 2) { worker in
      if worker == 0 { box.put(worker) } else { box.take() }
    }
  },

  Idiom("actor-hand-off") {
    // The actor passes on what it does not look at itself.
    let desk = HandOverDesk()
    await inTasks(workers: 2) { worker in
      let ledger = await desk.take() ?? Ledger()
      ledger.update(worker)
      await desk.leave(ledger)
    }
  },

  Idiom("check-then-act") {
    // A mistake of logic at most: every access is guarded.
    let lock = NSLock()
    let ledger = Ledger()
    await inParallel { worker in
      let balance = lock.withLock { ledger.balance(worker) }
      if balance < 1_000 { lock.withLock { ledger.update(worker) } }
    }
  },

  Idiom("copies-under-lock") {
    // Whoever takes a copy out of the lock shares its buffer, and nothing else.
    let lock = NSLock()
    let ledger = Ledger()
    await inParallel { worker in
      var copy = lock.withLock { ledger.balances }
      copy["rent", default: 0] += 1
      lock.withLock { if worker == 0 { ledger.balances["food", default: 0] += 1 } }
      precondition(copy["rent"]! > 0)
    }
  },

  Idiom("swap-under-lock") {
    // What was collected is swapped out, and looked at without the lock.
    let lock = NSLock()
    let shared = SharedLedger()
    await inParallel { worker in
      lock.withLock { shared.ledger.update(worker) }
      if worker == 0 {
        let mine = lock.withLock {
          let mine = shared.ledger
          shared.ledger = Ledger()
          return mine
        }
        mine.update(worker)
      }
    }
  },

  Idiom("pipe-hand-over") {
    // Whoever has read the byte has the ledger.
    let table = PipeTable()
    await inParallel(workers: 2) { table.play($0) }
  },

  Idiom("reader-counts-down") {
    // Workers count down; whoever comes to zero has all that they did.
    await inParallel(workers: 1) { _ in
      let ledgers = (0..<3).map { _ in Ledger() }
      let left = LockedCount(3)
      let group = DispatchGroup()
      for worker in 0..<3 {
        group.enter()
        DispatchQueue.global().async {
          ledgers[worker].update(worker)
          if left.decrement() == 0 { for ledger in ledgers { ledger.update(9) } }
          group.leave()
        }
      }
      group.wait()
    }
  },
]

/// Room for one letter.
private final class Mailbox: @unchecked Sendable {
  // Dispatch traps when a semaphore ends below the value that it was made with.
  private let empty = DispatchSemaphore(value: 0)
  private let full = DispatchSemaphore(value: 0)
  private let ledger = Ledger()

  init() { empty.signal() }

  func put(_ worker: Int) {
    guard empty.wait(timeout: .now() + .milliseconds(20)) == .success else { return }
    ledger.update(worker)
    full.signal()
  }

  func take() {
    guard full.wait(timeout: .now() + .milliseconds(20)) == .success else { return }
    precondition(ledger.balance(0) > 0)
    ledger.update(1)
    empty.signal()
  }
}

private final class PipeTable: @unchecked Sendable {
  private let ledger = Ledger()
  /// By worker: from where it reads, and to where others write.
  private let ends: [(read: Int32, write: Int32)]

  init() {
    ends = (0..<2).map { _ in
      var pair: [Int32] = [0, 0]
      precondition(pipe(&pair) == 0)
      _ = fcntl(pair[0], F_SETFL, O_NONBLOCK)
      return (pair[0], pair[1])
    }
    pass(to: 0)
  }

  deinit {
    for end in ends {
      close(end.read)
      close(end.write)
    }
  }

  func play(_ worker: Int) {
    var byte: UInt8 = 0
    guard read(ends[worker].read, &byte, 1) == 1 else {
      sched_yield()
      return
    }
    ledger.update(worker)
    pass(to: 1 - worker)
  }

  private func pass(to worker: Int) {
    var byte: UInt8 = 1
    precondition(write(ends[worker].write, &byte, 1) == 1)
  }
}

private actor HandOverDesk {
  private var ledgers: [Ledger] = []

  func take() -> sending Ledger? { ledgers.popLast() }

  func leave(_ ledger: sending Ledger) { ledgers.append(ledger) }
}

private final class SharedLedger: @unchecked Sendable {
  var ledger = Ledger()
}

private final class LockedCount: @unchecked Sendable {
  private let lock = NSLock()
  private var count: Int

  init(_ count: Int) { self.count = count }

  func decrement() -> Int {
    lock.withLock {
      count -= 1
      return count
    }
  }
}
