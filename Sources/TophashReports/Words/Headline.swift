import TophashFindings
import TophashSymbols

extension Finding {
  /// The finding in one sentence, without its grade: `two tasks changed Inventory.stock :
  /// [String: Int] at the same time`.
  package var headline: String {
    let what = variable.shown
    guard open.operation == begun.operation else {
      let (writer, reader) = open.operation == .modify ? (open, begun) : (begun, open)
      let other = writer.owner.isTask == reader.owner.isTask ? "another" : reader.owner.someone
      return "\(writer.owner.someone) changed \(what) while \(other) read it"
    }
    let verb = open.operation == .modify ? "changed" : "read"
    let who =
      switch (open.owner.isTask, begun.owner.isTask) {
      case (true, true): "two tasks"
      case (false, false): "two threads"
      default: "a task and a thread"
      }
    return "\(who) \(verb) \(what) at the same time"
  }
}

extension Owner {
  fileprivate var someone: String { isTask ? "a task" : "a thread" }
}

extension Variable {
  /// Name and type, as far as they are known: `Inventory.stock : [String: Int]`.
  package var shown: String {
    let named = Self.anonymous[name] ?? name
    return type.map { "\(named) : \($0)" } ?? named
  }

  /// What the reader of memory calls a variable whose name it cannot tell.
  private static let anonymous = [
    "captured variable": "a captured variable", "unknown variable": "a variable",
  ]
}
