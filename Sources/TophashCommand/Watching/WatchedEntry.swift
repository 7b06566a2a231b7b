import CTophashProtocol
import TophashSymbols

/// An entry of a dictionary, as it is named: `Cache.entries["alice"]`, `total[42].control`.
struct WatchedEntry {
  /// Stands for whatever dictionary has the key.
  static let anyDictionary = "FailFastDictionary"

  /// That holds the dictionary.
  var variable: String
  var key: String
  var part: WatchTarget.Part
  /// As it was written.
  private var word: String

  /// - Returns: `nil` for a word that names no entry.
  /// - Throws: 64 for one that begins to.
  init?(_ word: String) throws(ToolError) {
    guard let bracket = word.firstIndex(of: "[") else { return nil }
    self.word = word
    variable = String(word[..<bracket])
    var rest = word[word.index(after: bracket)...]
    part = rest.hasSuffix("].control") ? .control : .value
    if part == .control { rest = rest.dropLast(".control".count) }
    guard !variable.isEmpty, rest.last == "]", rest.count > 1 else {
      throw ToolError(
        what: "'\(word)' is no entry of a dictionary",
        remedy: "write NAME[KEY], or NAME[KEY].control for the control bytes of its bucket",
        code: .usage)
    }
    key = Self.unquoted(rest.dropLast())
    guard key.utf8.count < Int(TOPHASH_WATCH_KEY_BYTES),
      !key.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\0" })
    else {
      throw ToolError(
        what: "the key of '\(variable)' is too long, or has more than one line",
        remedy: "watch '\(variable)' as a whole", code: .usage)
    }
  }

  /// What stands between quotes, as in a string literal; else the text as it is.
  private static func unquoted(_ text: Substring) -> String {
    guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
    var result = ""
    var isEscaped = false
    for character in text.dropFirst().dropLast() {
      if !isEscaped, character == "\\" {
        isEscaped = true
        continue
      }
      isEscaped = false
      result.append(character)
    }
    return result
  }

  /// - Throws: 64 for a variable that holds no such dictionary, and for a text that says no key.
  func check(_ variable: Variable) throws(ToolError) {
    guard let type = variable.type else { return }
    guard let types = Self.types(of: type) else {
      throw ToolError(
        what: "'\(self.variable)' is of type \(type), and only a FailFastDictionary tells where its entries are",
        remedy: "leave out the key to watch the variable as a whole", code: .usage)
    }
    if Self.integers.contains(types.key), Int128(key) == nil {
      throw ToolError(
        what: "'\(key)' is no key of '\(self.variable)', whose keys are of type \(types.key)",
        remedy: "write it as a number", code: .usage)
    }
  }

  private static let integers: Set<String> = [
    "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64",
  ]

  /// Of `FailFastDictionary<Key, Value>`, in source form.
  private static func types(of type: String) -> (key: String, value: String)? {
    let start = anyDictionary + "<"
    let whole = type.last == "?" ? type.dropLast() : type[...]
    guard whole.hasPrefix(start), whole.last == ">" else { return nil }
    let arguments = whole.dropFirst(start.count).dropLast()
    var depth = 0
    for index in arguments.indices {
      switch arguments[index] {
      case "<", "(", "[": depth += 1
      case ">", ")", "]": depth -= 1
      case "," where depth == 0:
        return (
          String(arguments[..<index]),
          String(arguments[arguments.index(after: index)...].drop { $0 == " " })
        )
      default: break
      }
    }
    return nil
  }

  /// The entry of the dictionary that a variable holds.
  func target(in holder: WatchTarget) -> WatchTarget {
    let type = part == .value ? holder.variable.type.flatMap(Self.types)?.value : nil
    var target = holder
    target.variable = Variable(
      kind: holder.variable.kind, module: holder.variable.module, name: word, type: type)
    target.key = (key, part)
    return target
  }
}
