// A program with something of everything that a timeline shows. It is compiled together with the
// marks' only file.

import Dispatch
import Foundation

final class Cache: @unchecked Sendable {
  private let lock = NSLock()
  private var entries: [Int: Int] = [:]

  func store(_ value: Int, for key: Int) {
    lock.withLock {
      entries[key] = value
      usleep(1_000)
    }
  }
}

actor Counter {
  private var count = 0
  func increment() {
    count += 1
    usleep(500)
  }
}

func spin(milliseconds: Int) {
  let end = DispatchTime.now() + .milliseconds(milliseconds)
  while DispatchTime.now() < end {}
}

let cache = Cache()
let counter = Counter()

switch CommandLine.arguments.dropFirst().first {
case "everything":
  let queue = DispatchQueue(label: "refresh.queue")
  let group = DispatchGroup()
  for index in 0..<4 {
    queue.async(group: group) { cache.store(index, for: index) }
  }
  await withTaskGroup { tasks in
    for index in 0..<4 {
      tasks.addTask {
        await TophashTrace.region("refresh") {
          for round in 0..<5 {
            cache.store(round, for: index)
            await counter.increment()
          }
        }
      }
    }
  }
  TophashTrace.region("wait for the queue") { group.wait() }
  TophashTrace.log("all is done")
case "long":
  // One task keeps its thread, others want to run.
  await withTaskGroup { tasks in
    tasks.addTask { spin(milliseconds: 600) }
    for _ in 0..<3 { tasks.addTask { for _ in 0..<20 { await counter.increment() } } }
  }
default: fatalError("everything or long")
}
print("done")
