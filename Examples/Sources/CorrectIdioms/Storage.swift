import Dispatch
import Foundation

/// Storage that is modified in place, where no access call tells of it.
let storage = [
  Idiom("perform-with-lock") {
    let lock = NSLock()
    nonisolated(unsafe) var counts: [Int: Int] = [:]
    nonisolated(unsafe) var order: [Int] = []
    DispatchQueue.concurrentPerform(iterations: 4000) { round in
      lock.withLock {
        counts[round % 64, default: 0] += 1
        order.append(round)
      }
    }
    precondition(order.count == 4000 && counts.count == 64)
  },

  Idiom("slots-of-one-buffer") {
    var squares = [Int](repeating: 0, count: 4000)
    for _ in 0..<4 {
      squares.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let slots = buffer
        DispatchQueue.concurrentPerform(iterations: slots.count) { slots[$0] = $0 * $0 }
      }
    }
    precondition(squares[63] == 63 * 63)
  },

  Idiom("guarded-pointer") {
    let box = PointerBox()
    await inParallel { worker in
      box.withLock { $0[worker, default: []].append(worker) }
      if worker == 0 { box.withLock { $0 = [:] } }
    }
  },

  Idiom("guarded-inout") {
    // From function to function, always within the lock.
    let box = PointerBox()
    await inTasks { worker in
      box.withLock { tidy(&$0, for: worker) }
      await Task.yield()
    }
  },

  Idiom("value-handed-over") {
    // A value has one owner at a time, and each of them changes it in place.
    let handOvers = 200
    for await parcel in AsyncStream<[Int]>(
      bufferingPolicy: .unbounded,
      { stream in
        Task {
          for number in 0..<handOvers {
            var parcel = [number]
            parcel.append(number)
            stream.yield(parcel)
          }
          stream.finish()
        }
      })
    {
      let task = Task {
        var parcel = parcel
        parcel[0] += 1
        parcel.append(1)
        return parcel
      }
      var back = await task.value
      back.append(2)
      precondition(back.count == 4)
    }
  },

  Idiom("unique-after-copies") {
    // Copies in other tasks come and go; each time the last one is gone the original is changed
    // in place again, by another task than before.
    let box = PointerBox()
    await inParallel { worker in
      var copy = box.withLock { $0 }
      copy[worker] = [worker]
      copy = [:]
      box.withLock { $0[worker] = [worker] }
    }
  },

  Idiom("growing-under-lock") {
    // Every growth frees a buffer, which comes back as somebody else's.
    let lock = NSLock()
    let shelf = UnsafeMutablePointer<[Int]>.allocate(capacity: 1)
    nonisolated(unsafe) let shared = shelf
    shelf.initialize(to: [])
    await inParallel { worker in
      var own: [Int] = []
      for number in 0..<32 { own.append(number) }
      lock.withLock {
        if shared.pointee.count > 256 { shared.pointee = [] }
        shared.pointee.append(contentsOf: own)
      }
    }
    shelf.deinitialize(count: 1)
    shelf.deallocate()
  },
]

/// A dictionary behind a pointer, and the lock that guards it.
private final class PointerBox: @unchecked Sendable {
  private let lock = NSLock()
  private let table = UnsafeMutablePointer<[Int: [Int]]>.allocate(capacity: 1)

  init() {
    table.initialize(to: [0: []])
  }

  deinit {
    table.deinitialize(count: 1)
    table.deallocate()
  }

  func withLock<Result>(_ body: (inout [Int: [Int]]) -> Result) -> Result {
    lock.withLock { body(&table.pointee) }
  }
}

private func tidy(_ table: inout [Int: [Int]], for worker: Int) {
  fill(&table[worker, default: []])
  if table.count > 3 { table.removeValue(forKey: worker) }
}

private func fill(_ numbers: inout [Int]) {
  numbers.append(1)
  if numbers.count > 100 { numbers.removeAll(keepingCapacity: true) }
}
