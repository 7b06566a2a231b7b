/// A day in a small warehouse: deliveries come in while orders go out.
@main
struct Warehouse {
  static let items = ["bolts", "gears", "nuts", "springs", "washers"]

  let inventory = Inventory(stock: Dictionary(uniqueKeysWithValues: items.map { ($0, 1_000) }))

  static func main() async {
    let warehouse = Warehouse()
    await warehouse.simulate()
    print("on the shelf:")
    for (item, count) in warehouse.inventory.listing {
      print("  \(item): \(count)")
    }
  }

  /// Runs both sides of the business until each has handled its share, for a second or two.
  func simulate() async {
    let restock = Task(name: "restock") { await receive(deliveries: 80) }
    let order = Task(name: "order") { await ship(orders: 80) }
    print("\(await restock.value) deliveries received, \(await order.value) orders shipped")
  }

  /// Adds what the lorries bring, and returns how many deliveries there were.
  func receive(deliveries: Int) async -> Int {
    for _ in 0..<deliveries {
      await paperwork()
      inventory.add(Self.items.randomElement()!, count: .random(in: 1...9))
    }
    return deliveries
  }

  /// Removes what the customers want, and returns how many orders there were.
  func ship(orders: Int) async -> Int {
    for _ in 0..<orders {
      await paperwork()
      inventory.remove(Self.items.randomElement()!, count: .random(in: 1...9))
    }
    return orders
  }

  /// What happens between two accesses in a real service: waiting for somebody else.
  private func paperwork() async {
    try? await Task.sleep(for: .microseconds(.random(in: 1_000...36_000)), tolerance: .zero)
  }
}
