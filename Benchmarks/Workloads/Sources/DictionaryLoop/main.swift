// The worst case: one thread that does nothing but change and read one dictionary,
// so that every step is a tracked access around a few nanoseconds of work.

import Workload

// Not inlined, as if `Table` were in another module: the compiler would merge a put
// and the get after it into one access, and the loop would measure half of the work.
final class Table {
  private var entries: [Int: Int] = [:]

  @inline(never)
  func put(_ value: Int, for key: Int) {
    entries[key] = value
  }

  @inline(never)
  func get(_ key: Int) -> Int? {
    entries[key]
  }
}

let table = Table()
var found = 0
for step in 0..<Workload.scaled(10_000_000) {
  table.put(step, for: step & 1023)
  if let value = table.get((step &* 7) & 1023) { found &+= value & 1 }
}
Workload.finish(result: found)
