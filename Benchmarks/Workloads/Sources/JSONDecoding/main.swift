// Encodes a list of orders once, then decodes it many times,
// into types by JSONDecoder and into dictionaries by JSONSerialization.

import Foundation
import Workload

struct Order: Codable {
  struct Line: Codable {
    var product: String
    var count: Int
    var price: Double
  }

  var id: Int
  var customer: String
  var lines: [Line]
  var notes: [String: String]
}

let orders = (0..<20).map { id in
  Order(
    id: id,
    customer: "customer-\(id % 40)",
    lines: (0..<8).map { Order.Line(product: "product-\($0)", count: $0 + 1, price: 9.75) },
    notes: ["gift": "no", "deliver": "morning", "source": "web"]
  )
}

let data = try JSONEncoder().encode(orders)
var decodedLines = 0
for _ in 0..<Workload.scaled(900) {
  for order in try JSONDecoder().decode([Order].self, from: data) {
    decodedLines += order.lines.count
  }
  let objects = try JSONSerialization.jsonObject(with: data) as! [[String: Any]]
  for object in objects {
    decodedLines += (object["lines"] as! [Any]).count
  }
}
Workload.finish(result: decodedLines)
