/// A type as it is written in source: `[String: [Int]]` for
/// `Swift.Dictionary<Swift.String, Swift.Array<Swift.Int>>`.
///
/// The standard library, Foundation and `module` go unnamed; other modules stay. What cannot be
/// understood stays as it is.
package func simplifyType(_ type: String, droppingModule module: String? = nil) -> String {
  var writer = TypeWriter(text: Array(type.utf8), ownModule: module)
  return writer.write() ?? type
}

/// Reads a type from left to right and writes it anew.
private struct TypeWriter {
  let text: [UInt8]
  let ownModule: String?
  private var position = 0

  private static let depthLimit = 64
  private static let silentModules: Set<String> = [
    "Swift", "_Concurrency", "_StringProcessing", "Synchronization", "Foundation",
    "FoundationEssentials", "Dispatch", "__C",
  ]

  init(text: [UInt8], ownModule: String?) {
    self.text = text
    self.ownModule = ownModule
  }

  /// The whole text anew; `nil` when its brackets do not match.
  mutating func write() -> String? {
    let result = sequence(until: nil, depth: 0)
    return position == text.count ? result : nil
  }

  /// Everything up to the bracket `end`, or to the end of the text.
  private mutating func sequence(until end: UInt8?, depth: Int) -> String? {
    guard depth < Self.depthLimit else { return nil }
    var result = ""
    while position < text.count {
      let byte = text[position]
      let isArrow = byte == UInt8(ascii: ">") && text[..<position].last == UInt8(ascii: "-")
      if byte == end, !isArrow { return result }
      switch byte {
      case _ where isArrow:
        result.append(">")
        position += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: ">"):
        return nil
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "<"):
        if let name = privateName() {
          result += name
        } else {
          guard let group = group(depth: depth) else { return nil }
          result += group
        }
      case UInt8(ascii: " ") where hasNext(" : "):
        result += ": "
        position += 3
      case let byte where byte.isIdentifier || byte == UInt8(ascii: "`"):
        guard let name = nominal(depth: depth) else { return nil }
        result += name
      default:
        result.append(Character(UnicodeScalar(byte)))
        position += 1
      }
    }
    return end == nil ? result : nil
  }

  /// A bracket, what it holds, and the bracket that closes it.
  private mutating func group(depth: Int) -> String? {
    let open = text[position]
    let close: UInt8 =
      switch open {
      case UInt8(ascii: "("): UInt8(ascii: ")")
      case UInt8(ascii: "["): UInt8(ascii: "]")
      default: UInt8(ascii: ">")
      }
    position += 1
    guard let inner = sequence(until: close, depth: depth + 1) else { return nil }
    position += 1
    return "\(Character(UnicodeScalar(open)))\(inner)\(Character(UnicodeScalar(close)))"
  }

  /// A path of names with generic arguments, `Swift.Dictionary<Swift.String, Swift.Int>.Index`.
  private mutating func nominal(depth: Int) -> String? {
    var parts: [String] = []
    var isFirst = true
    repeat {
      guard let name = privateName() ?? identifier() else { break }
      let isModule = isFirst && (Self.silentModules.contains(name) || name == ownModule)
      isFirst = false
      if isModule, position < text.count, text[position] == UInt8(ascii: ".") { continue }
      guard position < text.count, text[position] == UInt8(ascii: "<") else {
        parts.append(name)
        continue
      }
      guard let arguments = group(depth: depth) else { return nil }
      parts.append(parts.isEmpty ? sugared(name, arguments) : name + arguments)
    } while skipDot()
    return parts.joined(separator: ".")
  }

  /// The short spelling of the standard library's common types.
  private func sugared(_ name: String, _ arguments: String) -> String {
    let inner = arguments.dropFirst().dropLast()
    let fields = inner.topLevelFields(separatedBy: ", ")
    switch (name, fields.count) {
    case ("Array", 1): return "[\(inner)]"
    case ("Dictionary", 2): return "[\(fields[0]): \(fields[1])]"
    case ("Optional", 1):
      let isPlain = inner.topLevelRange(of: " ") == nil
      return isPlain ? "\(inner)?" : "(\(inner))?"
    default: return name + arguments
    }
  }

  /// `Name` for `(Name in _19E1…)`, a private type, or `(Name #1 in …)`, a local one.
  private mutating func privateName() -> String? {
    guard position < text.count, text[position] == UInt8(ascii: "(") else { return nil }
    let name = text[(position + 1)...].prefix { $0.isIdentifier }
    var next = name.endIndex
    guard !name.isEmpty, hasBytes(" in _", at: next) else { return nil }
    next += 5
    while next < text.count, text[next].isIdentifier { next += 1 }
    guard next < text.count, text[next] == UInt8(ascii: ")") else { return nil }
    position = next + 1
    return String(decoding: name, as: UTF8.self)
  }

  private mutating func identifier() -> String? {
    let start = position
    if position < text.count, text[position] == UInt8(ascii: "`") {
      position += 1
      while position < text.count, text[position] != UInt8(ascii: "`") { position += 1 }
      guard position < text.count else { return nil }
      position += 1
    } else {
      while position < text.count, text[position].isIdentifier { position += 1 }
    }
    return start < position ? String(decoding: text[start..<position], as: UTF8.self) : nil
  }

  private mutating func skipDot() -> Bool {
    guard position + 1 < text.count, text[position] == UInt8(ascii: ".") else { return false }
    let next = text[position + 1]
    guard next.isIdentifier || next == UInt8(ascii: "(") || next == UInt8(ascii: "`") else {
      return false
    }
    position += 1
    return true
  }

  private func hasNext(_ word: String) -> Bool { hasBytes(word, at: position) }

  private func hasBytes(_ word: String, at place: Int) -> Bool {
    text[Swift.min(place, text.count)...].starts(with: word.utf8)
  }
}
