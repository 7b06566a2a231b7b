import Foundation

/// Two serial queues, on each of which somebody waits for the other one.
extension Program {
  static let serialQueues = dispatch("serial_queues", "two queues wait for each other") { isFixed in
    let orders = DispatchQueue(label: "orders")
    let stock = DispatchQueue(label: "stock")
    onThreads([
      { orders.sync { stock.sync {} } },
      {
        if isFixed {
          orders.sync { stock.sync {} }
        } else {
          stock.sync { orders.sync {} }
        }
      },
    ])
  }
}
