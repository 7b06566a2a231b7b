// Asks and takes under a lock each, but not under one: both find the last piece.
// `Mutex` and `Atomic` are compiled into the program; only their instructions tell of them.

import Dispatch
import Synchronization

final class Stock: Sendable {
  private let pieces = Mutex(1)
  let sold = Atomic(0)

  var isThere: Bool { pieces.withLock { $0 > 0 } }
  func take() { pieces.withLock { $0 -= 1 } }
  func takeIfThere() { pieces.withLock { if $0 > 0 { $0 -= 1 } } }
  var left: Int { pieces.withLock { $0 } }
}

let isFixed = CommandLine.arguments.contains("fixed")
let stock = Stock()
let queue = DispatchQueue(label: "customers", attributes: .concurrent)
let all = DispatchGroup()
for _ in 0..<2 {
  queue.async(group: all) {
    if isFixed { stock.takeIfThere() } else if stock.isThere { stock.take() }
    stock.sold.add(1, ordering: .relaxed)
  }
}
all.wait()
if stock.left < 0 { fatalError("oversold") }
if stock.sold.load(ordering: .relaxed) != 2 { fatalError("an atomic lost a change") }
