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
    type.map { "\(spoken) : \($0)" } ?? spoken
  }

  /// The name as a part of a sentence, with an article where there is no name: `a captured
  /// variable`. A name may lead on into a struct: `captured variable.count`.
  package var spoken: String {
    if isPlace { return "the global at \(name)" }
    for (anonymous, words) in Self.anonymous
    where name == anonymous || name.hasPrefix(anonymous + ".") {
      return words + name.dropFirst(anonymous.count)
    }
    return name
  }

  /// A global that is known by its place alone, `app+0x1f40`, as symbols are missing.
  var isPlace: Bool { kind == .global && name.contains("+0x") }

  /// What the reader of memory calls a variable whose name it cannot tell.
  private static let anonymous = [
    "captured variable": "a captured variable", "unknown variable": "a variable",
  ]
}
