import TophashFindings
import TophashSymbols

/// What storage a variable holds, so far as it decides what a race does to it and how it is fixed.
enum StorageKind {
  case dictionary, set, array, string, trivial, other

  init(_ variable: Variable) {
    let type = (variable.type ?? "").drop { $0 == " " }
    let qualified = variable.qualifiedType ?? ""
    if qualified.hasPrefix("Swift.Dictionary<") || type.hasPrefix("Dictionary<")
      || (type.hasPrefix("[") && Self.hasKeys(type))
    {
      self = .dictionary
    } else if qualified.hasPrefix("Swift.Set<") || type.hasPrefix("Set<") {
      self = .set
    } else if qualified.hasPrefix("Swift.Array<") || type.hasPrefix("[")
      || type.hasPrefix("Array<") || type.hasPrefix("ContiguousArray<")
    {
      self = .array
    } else if type == "String" || type == "Data" || type == "Substring" {
      self = .string
    } else if Self.trivialTypes.contains(String(type)) {
      self = .trivial
    } else {
      self = .other
    }
  }

  /// A colon at the outer level makes `[A: B]` a dictionary and `[[A: B]]` an array.
  private static func hasKeys(_ type: Substring) -> Bool {
    var depth = 0
    for character in type {
      switch character {
      case "[", "(", "<": depth += 1
      case "]", ")", ">": depth -= 1
      case ":" where depth == 1: return true
      default: break
      }
    }
    return false
  }

  private static let trivialTypes: Set<String> = [
    "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64", "Bool",
    "Double", "Float",
  ]
}

extension Finding {
  /// What such a pair of accesses can do to the program, in one sentence.
  package var consequence: String {
    let isReadBeside = open.operation != begun.operation
    switch StorageKind(variable) {
    case .dictionary, .set:
      let unit = StorageKind(variable) == .dictionary ? "keys" : "elements"
      return isReadBeside
        ? "the reader may follow storage that the writer has just freed: a crash, or a value that"
          + " was never stored"
        : "lost entries, a crash that speaks of duplicate \(unit), or a damaged heap that crashes"
          + " elsewhere"
    case .array:
      return isReadBeside
        ? "the reader may follow storage that the writer has just freed: a crash, or an element"
          + " that was never stored"
        : "lost elements, an index out of range, or a damaged heap that crashes elsewhere"
    case .string:
      return isReadBeside
        ? "the reader may follow storage that the writer has just freed: a crash, or torn contents"
        : "lost or torn contents, or a damaged heap that crashes elsewhere"
    case .trivial:
      return isReadBeside
        ? "the reader may see a value that is already out of date"
        : "one of the two changes may be lost"
    case .other:
      return isReadBeside
        ? "the reader may see a value half changed, or use an object that has just been freed"
        : "a lost change, or an object that is freed twice"
    }
  }
}
