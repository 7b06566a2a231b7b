import Synchronization

/// Every kind of stored variable.
final class Shelf {
  var stock: [String: Int] = [:]
  var visits = 0
  let name: String
  lazy var sorted: [String] = stock.keys.sorted()
  weak var owner: Shelf?

  init(name: String) { self.name = name }

  @inline(never) func add(_ item: String) { stock[item, default: 0] += 1 }
  @inline(never) func clear() { stock = [:] }
  @inline(never) func visit() { visits += 1 }
  @inline(never) func first() -> String? { sorted.first }
}

actor Ledger {
  var entries: [String] = []
  func append(_ entry: String) { entries.append(entry) }
}

class Base { var table: [Int: Int] = [:] }
class Derived: Base {
  var more: [Int: String] = [:]
  func put(_ key: Int) {
    table[key] = key
    more[key] = "\(key)"
  }
}
final class Box<Value> {
  var values: [String: Value] = [:]
  func set(_ value: Value) { values["a"] = value }
}
struct Settings {
  nonisolated(unsafe) static var flags: [String: Bool] = [:]
  static let limits: [String: Int] = ["a": 1]
}
nonisolated(unsafe) var total: [Int: String] = [:]
nonisolated(unsafe) var count = 0

@inline(never) func restock(_ shelf: Shelf, _ ledger: Ledger) async {
  for item in ["bolt", "gear"] {
    shelf.add(item)
    shelf.stock[item] = 3
    await ledger.append(item)
  }
}

@inline(never) func tally() -> () -> Int {
  var seen: [Int: Int] = [:]
  return {
    seen[seen.count] = 1
    return seen.count
  }
}

let shelf = Shelf(name: "left")
await restock(shelf, Ledger())
shelf.visit()
shelf.clear()
total[count] = shelf.first() ?? ""
count += 1
Settings.flags["x"] = Settings.limits["a"] == 1
let next = tally()
let derived = Derived()
derived.put(next())
let box = Box<Int>()
box.set(3)
print(total, derived.table, box.values, Settings.flags)
