// Two threads modify one dictionary, once, a moment apart: by chance they hardly ever meet.

import Foundation

final class Shelf: @unchecked Sendable {
  var items: [String: Int] = [:]
  let lock = NSLock()
}

/// Takes about a millisecond, and no point is in it.
func work() -> Int {
  var sum = 0
  for number in 0..<40_000 { sum = (sum &* 31) ^ number }
  return sum
}

let isFixed = CommandLine.arguments.contains("fixed")
let shelf = Shelf()

func put(_ item: String, _ count: Int) {
  if isFixed { shelf.lock.lock() }
  shelf.items[item] = count
  if isFixed { shelf.lock.unlock() }
}

let done = DispatchSemaphore(value: 0)
Thread.detachNewThread {
  put("tea", 1)
  done.signal()
}
Thread.detachNewThread {
  put("milk", work())
  done.signal()
}
done.wait()
done.wait()
