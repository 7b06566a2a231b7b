import Foundation

/// Readers of a concurrent queue wait for those who change it.
final class BarrierQueue: @unchecked Sendable {
  private let queue = DispatchQueue(label: "cache.queue", attributes: .concurrent)
  private var entries: [Int: Int] = [:]
  private let truth = Truth()

  func run() {
    onThreads(4) { index in
      for round in 0..<30 { self.store(round, for: index) }
    }
    truth.tell()
  }

  private func store(_ value: Int, for key: Int) {
    let start = Truth.now()
    queue.sync(flags: .barrier) {
      truth.add(since: start)
      entries[key] = value
      work(milliseconds: 2)
    }
  }
}

/// Many want one of two connections.
final class Semaphore: @unchecked Sendable {
  private let connections = DispatchSemaphore(value: 2)
  private let truth = Truth()

  func run() {
    onThreads(6) { _ in
      for _ in 0..<30 { self.query() }
    }
    truth.tell()
  }

  private func query() {
    let start = Truth.now()
    connections.wait()
    truth.add(since: start)
    work(milliseconds: 2)
    connections.signal()
  }
}
