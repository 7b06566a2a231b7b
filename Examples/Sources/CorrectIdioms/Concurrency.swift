import Foundation

/// Actors, tasks, streams and continuations.
let concurrency = [
  Idiom("actor") {
    let bank = Bank()
    await inTasks { await bank.update($0) }
  },

  Idiom("actor-reads") {
    let bank = Bank()
    await inTasks { worker in
      if worker == 0 { await bank.update(worker) }
      // Release builds look for conflicts once, before the loop has entered the actor.
      for account in 0..<4 {
        let balance = await bank.balance(account)
        precondition(balance >= 0)
      }
    }
  },

  Idiom("actor-local-state") {
    let counter = DictionaryActor()
    await inTasks { worker in
      await counter.replaceAll(worker)
      await counter.count(worker)
    }
  },

  Idiom("main-actor") {
    await inTasks(workers: 3) { worker in
      await MainActor.run { MainLedger.ledger.update(worker) }
    }
  },

  Idiom("global-actor") {
    await inTasks { worker in await updateLibrary(worker) }
  },

  Idiom("task-group") {
    await inTasks(workers: 2) { _ in
      let ledger = Ledger()
      ledger.update(0)
      await withTaskGroup(of: Ledger.self) { group in
        // One child at a time has the ledger: it is handed back as the result.
        for worker in 0..<4 {
          group.addTask {
            ledger.update(worker)
            return ledger
          }
          await group.next()?.update(worker)
        }
      }
      ledger.update(1)
    }
  },

  Idiom("async-let") {
    await inTasks(workers: 2) { _ in
      let left = Ledger()
      let right = Ledger()
      async let first = updated(left, by: 0)
      async let second = updated(right, by: 1)
      await first.update(2)
      await second.update(2)
    }
  },

  Idiom("task-value") {
    await inTasks(workers: 2) { _ in
      let ledger = Ledger()
      await Task.detached { ledger.update(0) }.value
      ledger.update(1)
      await Task { ledger.update(2) }.value
      ledger.update(3)
    }
  },

  Idiom("async-stream") {
    let (deliveries, supplier) = AsyncStream.makeStream(of: Ledger.self)
    async let received = receive(deliveries)
    await inTasks(workers: 2) { worker in
      let ledger = Ledger()
      ledger.update(worker)
      supplier.yield(ledger)
      await Task.yield()
    }
    supplier.finish()
    let count = await received
    precondition(count > 0)
  },

  Idiom("continuation") {
    await inTasks(workers: 2) { worker in
      let ledger = Ledger()
      let returned = await withCheckedContinuation { continuation in
        ledger.update(worker)
        DispatchQueue.global().async {
          ledger.update(worker)
          continuation.resume(returning: ledger)
        }
      }
      returned.update(worker)
    }
  },

  Idiom("inout-across-await") {
    // The access stays open while the task waits and moves from thread to thread.
    await inTasks(workers: 16) { _ in
      let ledger = Ledger()
      await refill(&ledger.balances)
      await Task { ledger.update(0) }.value
      await refill(&ledger.balances)
    }
  },

  Idiom("inout-across-sleep") {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<64 {
        group.addTask {
          let ledger = Ledger()
          for _ in 0..<10 { await refillSlowly(&ledger.balances) }
        }
      }
    }
  },

  Idiom("cancelled-tasks") {
    await inTasks { worker in
      let ledger = Ledger()
      let task = Task {
        await refill(&ledger.balances)
        return ledger
      }
      task.cancel()
      await task.value.update(worker)
    }
  },
]

private actor Bank {
  private let ledger = Ledger()

  func update(_ worker: Int) {
    ledger.update(worker)
  }

  func balance(_ worker: Int) -> Int {
    ledger.balance(worker)
  }
}

private actor DictionaryActor {
  private var counts: [Int: Int] = [:]

  func count(_ worker: Int) {
    counts[worker, default: 0] += 1
  }

  func replaceAll(_ worker: Int) {
    counts = [worker: 0]
  }
}

private enum MainLedger {
  @MainActor static let ledger = Ledger()
}

@globalActor
private actor Library {
  static let shared = Library()
}

@Library private var loans: [String: Int] = [:]

@Library
private func updateLibrary(_ worker: Int) {
  loans["reader \(worker)", default: 0] += 1
}

private func updated(_ ledger: Ledger, by worker: Int) async -> Ledger {
  ledger.update(worker)
  return ledger
}

private func receive(_ deliveries: AsyncStream<Ledger>) async -> Int {
  var count = 0
  for await ledger in deliveries {
    ledger.update(0)
    count += 1
  }
  return count
}

private func refill(_ balances: inout [String: Int]) async {
  for (round, account) in Ledger.accounts.enumerated() {
    balances[account] = round
    await Task.yield()
  }
}

private func refillSlowly(_ balances: inout [String: Int]) async {
  balances["rent", default: 0] += 1
  try? await Task.sleep(for: .milliseconds(.random(in: 1...20)))
  balances["food", default: 0] += 1
}
