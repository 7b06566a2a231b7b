import TophashFindings
import TophashSymbols

extension Finding {
  /// The finding in one sentence, without its grade: `two tasks changed Inventory.stock :
  /// [String: Int] at the same time`.
  package var headline: String {
    let what = variable.shown
    guard open.operation == begun.operation else {
      let (writer, reader) = open.operation == .modify ? (open, begun) : (begun, open)
      let isSame = writer.owner.someone == reader.owner.someone
      let other = isSame ? "another" : reader.owner.someone
      return switch grade {
      case .caught: "\(writer.owner.someone) changed \(what) while \(other) read it"
      case .unordered:
        "\(writer.owner.someone) changed \(what) and \(other) read it, and nothing orders the two"
      }
    }
    let verb = open.operation == .modify ? "changed" : "read"
    // In one order, whoever came first.
    let kinds = Set(sides.map(\.owner.kind)).sorted()
    let who =
      kinds.count == 1
      ? "two \(kinds[0])s" : kinds.map { "a \($0)" }.joined(separator: " and ")
    return switch grade {
    case .caught: "\(who) \(verb) \(what) at the same time"
    case .unordered: "\(who) \(verb) \(what), and nothing orders the two"
    }
  }
}

extension Finding {
  /// What was done to catch a candidate: `12 accesses held open there for 31 ms, and nobody came`.
  var triedText: String {
    guard let tried, tried.holds > 0 else { return "no access was held open there yet" }
    return Number.counted(tried.holds, "access", "accesses")
      + " held open there for \(Number.duration(nanoseconds: tried.heldNanoseconds)) in all,"
      + (tried.caught == 0 ? " and nobody came" : " and the two did not meet")
  }
}

extension Owner {
  fileprivate var kind: String {
    switch self {
    case .task: "task"
    case .workItem: "work item"
    case .thread: "thread"
    }
  }

  fileprivate var someone: String { "a \(kind)" }
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
    "storage": "the storage of a variable",
  ]
}
