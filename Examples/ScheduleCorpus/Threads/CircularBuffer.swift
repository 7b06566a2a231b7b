import Foundation

/// A sender and a receiver take turns. Whoever finds that it is not its turn skips one, and counts
/// on as if it had had it.
extension Program {
  static let circularBuffer = threads("circular_buffer", "a skipped turn is counted") { isFixed in
    let buffer = CircularBuffer()
    onThreads([
      { for number in 0..<3 { isFixed ? buffer.send(number) : buffer.sendIfItsTurn(number) } },
      {
        for expected in 0..<3 {
          let number = isFixed ? buffer.receive() : buffer.receiveIfItsTurn()
          check(number == nil || number == expected, "received another number than was its turn")
        }
      },
    ])
  }
}

private final class CircularBuffer: @unchecked Sendable {
  private let condition = NSCondition()
  private var slots = [0, 0]
  private var next = 0
  private var isSendersTurn = true

  func sendIfItsTurn(_ number: Int) {
    condition.withLock { if isSendersTurn { store(number) } }
  }

  func receiveIfItsTurn() -> Int? {
    condition.withLock { isSendersTurn ? nil : load() }
  }

  func send(_ number: Int) {
    condition.withLock {
      while !isSendersTurn { condition.wait() }
      store(number)
    }
  }

  func receive() -> Int? {
    condition.withLock {
      while isSendersTurn { condition.wait() }
      return load()
    }
  }

  private func store(_ number: Int) {
    slots[next] = number
    isSendersTurn = false
    condition.signal()
  }

  private func load() -> Int {
    defer {
      next = (next + 1) % slots.count
      isSendersTurn = true
      condition.signal()
    }
    return slots[next]
  }
}
