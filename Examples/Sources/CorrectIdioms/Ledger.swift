/// Shared data that does not guard itself: whoever uses it must.
final class Ledger: @unchecked Sendable {
  var balances: [String: Int] = ["rent": 0, "food": 0, "travel": 0, "books": 0]
  var entries: [Int] = []
  var notes = ""

  static let accounts = ["rent", "food", "travel", "books"]

  /// Changes and reads each collection once.
  func update(_ worker: Int) {
    balances[Self.accounts[worker % 4], default: 0] += 1
    entries.append(worker)
    notes += "."
    if entries.count > 100 {
      entries.removeAll(keepingCapacity: true)
      notes = ""
    }
  }

  /// Reads one balance.
  func balance(_ worker: Int) -> Int {
    balances[Self.accounts[worker % 4]] ?? 0
  }
}
