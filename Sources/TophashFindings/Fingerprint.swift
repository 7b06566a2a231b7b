import TophashSymbols

/// A name for a finding that stays the same from run to run and while code moves:
/// `T-4f1c09ab`.
///
/// Made of the variable (module, path, type) and the unordered pair of functions that reach it.
/// Has no line, no address, no order of the two sides and no process in it, and folds what a
/// compiler may choose differently: specialisations and the number of a closure.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  /// Reads what `description` wrote; `nil` for any other text.
  package init?(_ text: String) {
    let digits = text.dropFirst(2)
    guard text.hasPrefix("T-"), digits.utf8.count == 8,
      digits.allSatisfy({ $0.isHexDigit && !$0.isUppercase && $0.isASCII })
    else { return nil }
    description = text
  }

  package init(variable: Variable, _ one: Side, _ other: Side) {
    let functions = [one, other].map { Self.simplified($0.site?.function ?? "") }.sorted()
    let parts =
      [variable.module ?? "", variable.name, variable.qualifiedType ?? variable.type ?? ""]
      + functions
    let hash = Self.hash(parts)
    let digits = String(UInt32(truncatingIfNeeded: hash ^ (hash >> 32)), radix: 16)
    description = "T-" + String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// FNV-1a over the parts, each ended by a byte that text cannot hold. Hasher would not do: it
  /// is seeded anew in every process.
  private static func hash(_ parts: [String]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for part in parts {
      for byte in Array(part.utf8) + [0xff] {
        hash ^= UInt64(byte)
        hash &*= 0x100_0000_01b3
      }
    }
    return hash
  }

  /// `closure #2 in Shop.open<A>(_:)` and `specialized Shop.open<A>(_:)` become `Shop.open(_:)`.
  ///
  /// A function without a symbol is shown with its offset, `Shop + 0x1a40`, of which only the
  /// image stays.
  static func simplified(_ function: String) -> String {
    var text = Substring(function)
    if let offset = text.range(of: " + 0x") { text = text[..<offset.lowerBound] }
    if let closure = text.range(of: " in ", backwards: true) { text = text[closure.upperBound...] }
    for prefix in ["specialized ", "implicit ", "partial apply for ", "merged "]
    where text.hasPrefix(prefix) {
      text = text.dropFirst(prefix.count)
    }
    return withoutGenericArguments(text)
  }

  /// Removes what stands in angle brackets, unless they belong to an operator or an arrow.
  package static func withoutGenericArguments(_ text: Substring) -> String {
    var result = ""
    var depth = 0
    var previous: Character = " "
    for character in text {
      switch character {
      case "<" where previous.isLetter || previous.isNumber || depth > 0: depth += 1
      case ">" where depth > 0 && previous != "-": depth -= 1
      default: if depth == 0 { result.append(character) }
      }
      previous = character
    }
    return result
  }
}

extension Fingerprint: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let fingerprint = Fingerprint(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a fingerprint such as 'T-4f1c09ab' was expected")
    }
    self = fingerprint
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Substring {
  fileprivate func range(of text: String, backwards: Bool = false) -> Range<Index>? {
    let starts = indices.filter { self[$0...].hasPrefix(text) }
    guard let start = backwards ? starts.last : starts.first else { return nil }
    return start..<index(start, offsetBy: text.count)
  }
}
