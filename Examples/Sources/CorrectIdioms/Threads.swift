import Foundation

/// Threads, from their first to their last moment.
let threads = [
  Idiom("thread-join") {
    await inParallel(workers: 2) { worker in
      let ledger = Ledger()
      ledger.update(worker)
      let thread = startThread(with: ledger) { argument in
        borrowedLedger(argument).update(1)
        return nil
      }
      pthread_join(thread, nil)
      ledger.update(worker)
    }
  },

  Idiom("thread-exit-in-access") {
    // The thread ends in the middle of an access, which nobody will ever close.
    await inParallel(workers: 2) { worker in
      let ledger = Ledger()
      let thread = startThread(with: ledger) { argument in
        leaveWhileChanging(&borrowedLedger(argument).balances)
      }
      pthread_join(thread, nil)
      ledger.update(worker)
    }
  },

  Idiom("thread-local") {
    await inParallel { worker in
      let ledger: Ledger
      if let mine = Thread.current.threadDictionary["ledger"] as? Ledger {
        ledger = mine
      } else {
        ledger = Ledger()
        Thread.current.threadDictionary["ledger"] = ledger
      }
      ledger.update(worker)
    }
  },

  Idiom("many-threads") {
    let lock = NSLock()
    let ledger = Ledger()
    await inParallel(workers: 64) { worker in
      lock.withLock { ledger.update(worker) }
    }
  },
]

/// Starts a thread that borrows `ledger`, which must stay alive until the thread has been joined.
private func startThread(
  with ledger: Ledger, body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
) -> pthread_t {
  var thread = pthread_t()
  let status = pthread_create(&thread, nil, body, Unmanaged.passUnretained(ledger).toOpaque())
  precondition(status == 0)
  return thread
}

private func borrowedLedger(_ argument: UnsafeMutableRawPointer?) -> Ledger {
  Unmanaged<Ledger>.fromOpaque(argument!).takeUnretainedValue()
}

private func leaveWhileChanging(_ balances: inout [String: Int]) -> Never {
  balances["rent", default: 0] += 1
  pthread_exit(nil)
}
