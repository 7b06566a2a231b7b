// A cache that four threads share, with nine lookups to one update. It is cut into parts,
// each a dictionary behind its own lock: with one lock for all, the program would spend most
// of its time in the kernel, waiting, and the benchmark would measure that.

import Foundation
import Workload

final class CachePart: @unchecked Sendable {
  private let lock = NSLock()
  private var entries: [String: Int] = [:]

  func value(for key: String) -> Int? {
    lock.withLock { entries[key] }
  }

  func update(_ key: String, by change: Int) {
    lock.withLock { entries[key, default: 0] += change }
  }

  var total: Int {
    lock.withLock { entries.values.reduce(0, +) }
  }
}

let parts = (0..<64).map { _ in CachePart() }
let keys = (0..<2048).map { "customer-\($0)" }
let steps = Workload.scaled(2_000_000)
let workers = DispatchGroup()

for worker in 0..<4 {
  workers.enter()
  Thread.detachNewThread { [parts, keys, steps] in
    // An odd stride visits every key; one of its own keeps a worker from trailing another.
    let stride = 2 * worker + 11
    var hits = 0
    for step in 0..<steps {
      let number = step &* stride & 2047
      let part = parts[number & 63]
      if step % 10 == 0 {
        part.update(keys[number], by: 1)
      } else if part.value(for: keys[number]) != nil {
        hits += 1
      }
    }
    precondition(hits < steps)
    workers.leave()
  }
}
workers.wait()
Workload.finish(result: parts.reduce(0) { $0 + $1.total })
