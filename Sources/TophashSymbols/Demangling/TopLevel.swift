/// Searches in demangled names that look past whatever stands in brackets.
///
/// `( )`, `[ ]` and `< >` nest; the arrow `->` and operator names such as `Point.<` are no
/// brackets; names between back-quotes hold anything.
extension Substring {
  /// The first place of `text` outside brackets.
  func topLevelRange(of text: String) -> Range<Index>? {
    let wanted = text.utf8
    let first = wanted.first
    var found: Range<Index>?
    scanTopLevel { index in
      guard utf8[index] == first, utf8[index...].starts(with: wanted) else { return true }
      found = index..<utf8.index(index, offsetBy: wanted.count)
      return false
    }
    return found
  }

  /// The parts between the places of `separator` outside brackets.
  func topLevelFields(separatedBy separator: String) -> [Substring] {
    var fields: [Substring] = []
    var rest = self
    while let range = rest.topLevelRange(of: separator) {
      fields.append(rest[..<range.lowerBound])
      rest = rest[range.upperBound...]
    }
    return fields + [rest]
  }

  /// What precedes `text` outside brackets; all of it when `text` is not there.
  func beforeTopLevel(_ text: String) -> Substring {
    topLevelRange(of: text).map { self[..<$0.lowerBound] } ?? self
  }

  /// One past the bracket that closes the one this text starts with; `nil` when none does.
  var endOfBrackets: Index? {
    var end: Index?
    var isFirst = true
    scanTopLevel { index in
      defer { isFirst = false }
      if !isFirst { end = index }
      return isFirst
    }
    if end == nil, let last = utf8.last, ")]>".utf8.contains(last), isBalanced { return endIndex }
    return end
  }

  private var isBalanced: Bool {
    var depth = 0
    walk { _, change in
      depth += change
      return true
    }
    return depth == 0
  }

  /// Calls `body` at each place outside brackets, opening ones included, until it returns false.
  private func scanTopLevel(_ body: (Index) -> Bool) {
    var depth = 0
    walk { index, change in
      let isTop = depth == 0
      depth = Swift.max(0, depth + change)
      return isTop ? body(index) : true
    }
  }

  /// Calls `body` for each place that is not inside a quoted or operator name, with +1 for an
  /// opening bracket and -1 for a closing one, until it returns false.
  private func walk(_ body: (Index, Int) -> Bool) {
    var index = startIndex
    var previous: UInt8 = 0
    while index < endIndex {
      let byte = utf8[index]
      var change = 0
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "<"): change = 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"): change = -1
      case UInt8(ascii: ">"): change = previous == UInt8(ascii: "-") ? 0 : -1
      default: break
      }
      guard body(index, change) else { return }
      previous = byte
      index = utf8.index(after: index)
      if byte == UInt8(ascii: "`") {
        while index < endIndex, utf8[index] != byte { index = utf8.index(after: index) }
        if index < endIndex { index = utf8.index(after: index) }
      } else if byte == UInt8(ascii: ".") {
        while index < endIndex, utf8[index].isOperatorHead { index = utf8.index(after: index) }
      }
    }
  }
}

extension UInt8 {
  /// Whether an operator name can start with it; dots are left out.
  var isOperatorHead: Bool {
    switch self {
    case UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "^"),
      UInt8(ascii: "~"), UInt8(ascii: "?"):
      true
    default: false
    }
  }

  /// Whether it can be part of an identifier.
  var isIdentifier: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }
}

extension Substring {
  /// Removes `prefix` when this text starts with it, and tells whether it did.
  mutating func drop(prefix: String) -> Bool {
    guard hasPrefix(prefix) else { return false }
    self = dropFirst(prefix.count)
    return true
  }
}
