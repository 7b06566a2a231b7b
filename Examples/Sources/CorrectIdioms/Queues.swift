import Foundation

/// Dispatch and operation queues.
let queues = [
  Idiom("serial-queue-sync") {
    let queue = DispatchQueue(label: "ledger")
    let ledger = Ledger()
    await inParallel { worker in
      queue.sync { ledger.update(worker) }
    }
  },

  Idiom("serial-queue-async") {
    let queue = DispatchQueue(label: "ledger")
    let ledger = Ledger()
    await inParallel(workers: 2) { worker in
      queue.async { ledger.update(worker) }
      queue.sync { precondition(ledger.balance(worker) > 0) }
    }
  },

  Idiom("barrier-queue") {
    let queue = DispatchQueue(label: "ledger", attributes: .concurrent)
    let ledger = Ledger()
    await inParallel { worker in
      if worker == 0 {
        queue.sync(flags: .barrier) { ledger.update(worker) }
        queue.async(flags: .barrier) { ledger.update(worker) }
      } else {
        queue.sync { precondition(ledger.balance(worker) >= 0) }
      }
    }
    queue.sync(flags: .barrier) {}
  },

  Idiom("target-queue") {
    // Two queues with one target never run at the same time.
    let target = DispatchQueue(label: "target")
    let queues = ["reads", "writes"].map { DispatchQueue(label: $0, target: target) }
    let ledger = Ledger()
    await inParallel(workers: 2) { worker in
      queues[worker].sync { ledger.update(worker) }
    }
  },

  Idiom("group-wait") {
    await inParallel(workers: 2) { _ in
      let ledgers = (0..<4).map { _ in Ledger() }
      let group = DispatchGroup()
      for worker in 0..<4 {
        DispatchQueue.global().async(group: group) { ledgers[worker].update(worker) }
      }
      group.wait()
      for ledger in ledgers { ledger.update(0) }
    }
  },

  Idiom("work-item") {
    await inParallel(workers: 2) { _ in
      let ledger = Ledger()
      let item = DispatchWorkItem { ledger.update(0) }
      DispatchQueue.global().async(execute: item)
      item.wait()
      ledger.update(1)
    }
  },

  Idiom("concurrent-perform") {
    let lock = NSLock()
    let ledger = Ledger()
    await inParallel(workers: 1) { _ in
      DispatchQueue.concurrentPerform(iterations: 16) { iteration in
        lock.withLock { ledger.update(iteration) }
      }
      ledger.update(0)
    }
  },

  Idiom("operation-queue") {
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    let ledger = Ledger()
    for worker in 0..<2_000 {
      queue.addOperation { ledger.update(worker) }
    }
    await finished(queue)
    ledger.update(0)
  },

  Idiom("operation-dependency") {
    let queue = OperationQueue()
    let ledger = Ledger()
    var last: Operation?
    for worker in 0..<1_000 {
      let operation = BlockOperation { ledger.update(worker) }
      if let last { operation.addDependency(last) }
      last = operation
      queue.addOperation(operation)
    }
    await finished(queue)
    ledger.update(0)
  },

  Idiom("timer-source") {
    let queue = DispatchQueue(label: "ledger")
    let ledger = Ledger()
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.setEventHandler { ledger.update(0) }
    timer.schedule(deadline: .now(), repeating: .milliseconds(1))
    timer.resume()
    await inParallel(workers: 2) { worker in
      queue.sync { ledger.update(worker) }
    }
    timer.cancel()
    queue.sync { ledger.update(0) }
  },

  Idiom("run-loop-timer") {
    // The timer and the loop that waits for it share a thread.
    await inParallel(workers: 1) { _ in
      let ledger = Ledger()
      let timer = Timer(timeInterval: 0.001, repeats: true) { _ in ledger.update(0) }
      RunLoop.current.add(timer, forMode: .default)
      RunLoop.current.run(until: Date(timeIntervalSinceNow: 0.01))
      timer.invalidate()
      ledger.update(1)
    }
  },
]

/// Waits for all operations that `queue` has now.
private func finished(_ queue: OperationQueue) async {
  await withCheckedContinuation { done in
    queue.addBarrierBlock { done.resume() }
  }
}
