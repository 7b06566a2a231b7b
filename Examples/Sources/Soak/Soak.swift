import Foundation
import Synchronization

/// A correct program that makes and ends everything that a detector keeps notes of, for as long as
/// it is told: threads, tasks, queues, timers, locks and objects. Whatever notes are left behind
/// make it grow.
///
/// Usage: `Soak SECONDS`. Writes one line a second: rounds and resident memory.
@main
struct Soak {
  static func main() async {
    guard let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) else {
      print("usage: Soak SECONDS")
      exit(64)
    }
    let start = ContinuousClock.now
    var rounds = 0
    var nextLine = Duration.seconds(1)
    while ContinuousClock.now - start < .seconds(seconds) {
      await objects()
      await tasks()
      await threads()
      await queues()
      rounds += 1
      if ContinuousClock.now - start >= nextLine {
        nextLine += .seconds(1)
        print("rounds=\(rounds) resident_kib=\(residentKiB())")
        fflush(nil)
      }
    }
    print("done rounds=\(rounds) resident_kib=\(residentKiB())")
  }

  /// Objects that live for a moment, at addresses that others had before.
  private static func objects() async {
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for _ in 0..<200 {
            let shelf = Shelf()
            shelf.put(worker)
            precondition(shelf.count == 1)
          }
        }
      }
    }
  }

  /// Children, detached tasks, continuations, streams and actors that come to their end.
  private static func tasks() async {
    let shelf = Shelf()
    let keeper = Keeper()
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<16 {
        group.addTask {
          shelf.put(worker)
          await keeper.put(worker)
          await Task.detached { shelf.put(worker) }.value
        }
      }
    }
    let (numbers, sender) = AsyncStream.makeStream(of: Shelf.self)
    async let received = total(numbers)
    for worker in 0..<8 {
      let parcel = Shelf()
      parcel.put(worker)
      sender.yield(parcel)
    }
    sender.finish()
    let count = await received
    precondition(count == 8)
    let inContinuation = await withCheckedContinuation { done in
      DispatchQueue.global().async {
        shelf.put(99)
        done.resume(returning: shelf.count)
      }
    }
    precondition(inContinuation > 0)
  }

  private static func total(_ parcels: AsyncStream<Shelf>) async -> Int {
    var count = 0
    for await parcel in parcels { count += parcel.count }
    return count
  }

  /// Threads that are joined, or only signal that they end.
  private static func threads() async {
    let shelf = Shelf()
    await withCheckedContinuation { done in
      let left = Mutex(4)
      for worker in 0..<4 {
        Thread {
          shelf.put(worker)
          let isLast = left.withLock { left in
            left -= 1
            return left == 0
          }
          if isLast { done.resume() }
        }.start()
      }
    }
    precondition(shelf.count == 4)
  }

  /// Queues of both kinds, groups, semaphores, work items and timers that go away.
  private static func queues() async {
    let serial = DispatchQueue(label: "soak.serial")
    let concurrent = DispatchQueue(label: "soak.concurrent", attributes: .concurrent)
    let group = DispatchGroup()
    let plain = PlainShelf()
    await withCheckedContinuation { done in
      for worker in 0..<8 {
        serial.async(group: group) { plain.put(worker) }
        concurrent.async(group: group, flags: .barrier) { serial.sync { plain.put(worker) } }
      }
      let item = DispatchWorkItem { serial.sync { plain.put(100) } }
      concurrent.async(group: group, execute: item)
      group.notify(queue: serial) {
        precondition(plain.count == 9)
        done.resume()
      }
    }
    await withCheckedContinuation { done in
      let timer = DispatchSource.makeTimerSource(queue: serial)
      timer.setEventHandler {
        plain.put(200)
        timer.cancel()
      }
      timer.setCancelHandler { done.resume() }
      timer.schedule(deadline: .now())
      timer.resume()
    }
  }

  private static func residentKiB() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}

/// A dictionary without a lock: its users take turns.
final class PlainShelf: @unchecked Sendable {
  private var items: [Int: String] = [:]

  func put(_ number: Int) { items[number] = "item" }

  var count: Int { items.count }
}

/// A dictionary with a lock of its own, which is made and ends with it.
final class Shelf: @unchecked Sendable {
  private let lock = NSLock()
  private var items: [Int: String] = [:]

  func put(_ number: Int) { lock.withLock { items[number] = "item" } }

  var count: Int { lock.withLock { items.count } }
}

actor Keeper {
  private var items: [Int: String] = [:]

  func put(_ number: Int) { items[number] = "item" }
}
