import Glibc

/// A value behind a pointer, where no access call tells of it.
final class Behind<Value>: @unchecked Sendable {
  let pointer = UnsafeMutablePointer<Value>.allocate(capacity: 1)
  init(_ value: Value) { pointer.initialize(to: value) }
  deinit {
    pointer.deinitialize(count: 1)
    pointer.deallocate()
  }
}

/// Two threads come by again and again, and rarely at the same time.
private func two(_ body: @escaping @Sendable (Int) -> Void) {
  let workers = (0..<2).map { worker in
    Worker {
      for _ in 0..<300 {
        usleep(.random(in: 50...1000))
        body(worker)
      }
    }
  }
  for worker in workers { worker.join() }
}

func shareStorage() {
  let shared = Behind([Int](repeating: 0, count: 8))
  two { shared.pointer.pointee[$0] += 1 }
  say("shared \(shared.pointer.pointee.count)")
}

/// Nothing is inserted: the table stays as large as it is.
func shareDictionary() {
  let shared = Behind([0: 0, 1: 0])
  two { shared.pointer.pointee[$0] = 1 }
  say("shared \(shared.pointer.pointee.count)")
}

func storageUnderLock() {
  let shared = Behind([Int: [Int]]())
  let lock = Lock()
  two { worker in
    lock.guarding { shared.pointer.pointee[worker, default: []].append(worker) }
  }
  say("counted \(shared.pointer.pointee.values.reduce(0) { $0 + $1.count })")
}

/// One buffer, many owners, one after the other.
func handStorageOver() {
  let shared = Behind([Int](repeating: 0, count: 8))
  for round in 0..<200 {
    Worker { for _ in 0..<4 { shared.pointer.pointee[round % 8] += 1 } }.join()
  }
  say("counted \(shared.pointer.pointee.reduce(0, +))")
}
