// A program with something of everything that a timeline shows. It is compiled together with the
// marks' only file.

import Dispatch
import Foundation
import Synchronization

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

actor Gate {
  private var passed = 0

  /// Two tasks get in line for the actor, which is busy.
  func stay() {
    for _ in 0..<2 { Task { passed += 1 } }
    spin(milliseconds: 600)
  }
}

/// An executor of the program's own.
final class DiskExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "disk")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

actor Disk {
  let stays = Atomic(false)
  let mayEnd = Atomic(false)
  private let executor = DiskExecutor()
  private var passed = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  func stay() {
    for _ in 0..<2 { Task { passed += 1 } }
    stays.store(true, ordering: .releasing)
    while !mayEnd.load(ordering: .acquiring) {}
  }
}

func spin(milliseconds: Int) {
  let end = DispatchTime.now() + .milliseconds(milliseconds)
  while DispatchTime.now() < end {}
}

final class Box: @unchecked Sendable {
  var values: [Int: Int] = [:]

  @inline(never) func change(_ body: () -> Void) { hold(&values, body) }

  @inline(never) private func hold(_ values: inout [Int: Int], _ body: () -> Void) {
    body()
    values[values.count] = 1
  }
}

/// Two threads are inside of one variable at one time, whatever else the machine does.
func race(_ box: Box) {
  let isInside = DispatchSemaphore(value: 0)
  let wasInside = DispatchSemaphore(value: 0)
  let isOver = DispatchSemaphore(value: 0)
  let stay: @Sendable () -> Void = {
    isInside.signal()
    wasInside.wait()
  }
  var isFirst = true
  // In a loop, so that one function changes the variable for both.
  for body: @Sendable () -> Void in [stay, {}] {
    Thread {
      box.change(body)
      wasInside.signal()
      isOver.signal()
    }.start()
    if isFirst { isInside.wait() }
    isFirst = false
  }
  isOver.wait()
  isOver.wait()
}

/// Goes on until the test has seen what it wants to see, or is gone.
func waitForFile(_ path: String) {
  print("ready")
  fflush(nil)
  for _ in 0..<20_000 where access(path, F_OK) != 0 { usleep(1_000) }
}

let cache = Cache()
let counter = Counter()
let gate = Gate()

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
            TophashTrace.count("round", Double(round))
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
    tasks.addTask { await gate.stay() }
    for _ in 0..<3 { tasks.addTask { for _ in 0..<20 { await counter.increment() } } }
  }
case "executors":
  // A task blocks a thread of the pool, one keeps an executor of its own, and this one the main
  // actor, for which others are in line.
  let lock = NSLock()
  let isLocked = DispatchSemaphore(value: 0)
  let isOver = DispatchSemaphore(value: 0)
  Thread {
    lock.lock()
    isLocked.signal()
    isOver.wait()
    lock.unlock()
  }.start()
  isLocked.wait()
  let disk = Disk()
  let stay = Task.detached { await disk.stay() }
  while !disk.stays.load(ordering: .acquiring) {}
  let blocked = Task.detached { lock.withLock {} }
  for _ in 0..<2 { Task { @MainActor in spin(milliseconds: 1) } }
  spin(milliseconds: 600)
  disk.mayEnd.store(true, ordering: .releasing)
  isOver.signal()
  await blocked.value
  await stay.value
case "race":
  race(Box())
  waitForFile(CommandLine.arguments[2])
case "wait":
  TophashTrace.log("here it waits")
  waitForFile(CommandLine.arguments[2])
default: fatalError("everything, long, executors, race or wait")
}
print("done")
