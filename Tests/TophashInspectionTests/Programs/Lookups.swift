import Synchronization

// Compiled together with the sources of the dictionaries: what a program that imports them gets.

@inline(never)
func lookUp(_ table: ConcurrentDictionary<Int, Int>, _ key: Int) -> Int? { table[key] }

@inline(never) @_semantics("optimize.sil.specialize.generic.never")
func lookUpUnspecialised<Key: Hashable & Sendable, Value: Sendable>(
  _ table: ConcurrentDictionary<Key, Value>, _ key: Key
) -> Value? { table[key] }

final class Meter: Sendable {
  let count = Atomic<Int>(0)

  @inline(never)
  func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}

final class Box {
  var values: [Int: Int] = [:]

  @inline(never)
  func lookUp(_ key: Int) -> Int? { values[key] }

  @inline(never)
  func store(_ key: Int) { values[key] = 1 }
}

nonisolated(unsafe) var kept: Box?

@inline(never)
func keep(_ box: Box) { kept = box }

@main
enum Main {
  static func main() {
    let table = ConcurrentDictionary<Int, Int>()
    let box = Box()
    let meter = Meter()
    table.updateValue(1, forKey: 1)
    meter.increment()
    box.store(1)
    keep(box)
    print(lookUp(table, 1) ?? 0, lookUpUnspecialised(table, 1) ?? 0, box.lookUp(1) ?? 0)
  }
}
