import Foundation

/// Two serial queues that each call the other one and wait.
extension Program {
  static let serialQueues = dispatch("serial_queues", "two queues wait for each other") { isFixed in
    let orders = DispatchQueue(label: "orders")
    let stock = DispatchQueue(label: "stock")
    let both = DispatchGroup()
    orders.async(group: both) { stock.sync {} }
    stock.async(group: both) {
      if isFixed { orders.async(group: both) {} } else { orders.sync {} }
    }
    both.wait()
  }
}
