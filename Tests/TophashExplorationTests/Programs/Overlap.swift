// Two work items count in one variable; with "fixed", a serial queue keeps them apart.

import Dispatch

final class Counter: @unchecked Sendable {
  var count = 0
}

let isFixed = CommandLine.arguments.contains("fixed")
let counter = Counter()
let queue = DispatchQueue(label: "counting", attributes: isFixed ? [] : .concurrent)
let all = DispatchGroup()
for _ in 0..<2 { queue.async(group: all) { counter.count += 1 } }
all.wait()
