/// `TOPHASH_OPTIONS`: the long options without their dashes, as `key=value` pairs between colons.
///
/// A flag may stand without a value. A backslash makes the colon or backslash behind it part of
/// a value. What the command line says comes after it, and wins.
enum OptionsVariable {
  static let name = "TOPHASH_OPTIONS"

  /// What `text` says, in its order.
  static func assignments(_ text: String) -> [Assignment] {
    pairs(text).map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return Assignment(
        key: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : nil, origin: .variable)
    }
  }

  /// The parts between colons, without the empty ones; `\:` and `\\` stand for a colon and a
  /// backslash, and before anything else a backslash is itself.
  private static func pairs(_ text: String) -> [String] {
    var pairs = [""]
    var isEscaped = false
    for character in text {
      switch (character, isEscaped) {
      case ("\\", false):
        isEscaped = true
        continue
      case (":", false): pairs.append("")
      case (":", true), ("\\", true): pairs[pairs.count - 1].append(character)
      case (_, true): pairs[pairs.count - 1] += "\\\(character)"
      case (_, false): pairs[pairs.count - 1].append(character)
      }
      isEscaped = false
    }
    if isEscaped { pairs[pairs.count - 1].append("\\") }
    return pairs.filter { !$0.isEmpty }
  }
}
