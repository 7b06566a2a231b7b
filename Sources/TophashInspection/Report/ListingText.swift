import TophashSymbols

/// A function's instructions for readers: what counts first, then the code with what it means.
package struct ListingText {
  /// Left out in front of paths.
  package var directory = ""

  package init(directory: String = "") {
    self.directory = directory
  }

  package func text(for listing: CodeListing) -> String {
    var lines = head(listing)
    lines.append("")
    let width = min(56, listing.lines.map(\.text.count).max() ?? 0)
    for line in listing.lines {
      let text = line.text.padded(to: width)
      let words = Self.words(line)
      lines.append(
        "  \(Self.offset(line, listing))  \(text)\(words.isEmpty ? "" : "  ; " + words)".trimmed)
    }
    if !listing.isComplete { lines.append("  … the rest is no code that could be read") }
    return lines.map { $0 + "\n" }.joined()
  }

  /// Name, place and counts.
  func head(_ listing: CodeListing) -> [String] {
    let size = listing.range.upperBound - listing.range.lowerBound
    let path =
      listing.binary.hasPrefix(directory + "/")
      ? String(listing.binary.dropFirst(directory.count + 1)) : listing.binary
    var lines = [
      listing.name,
      "  \(path), 0x\(String(listing.range.lowerBound, radix: 16)): "
        + "\(listing.lines.count) instructions, \(size) bytes",
    ]
    if let symbol = listing.symbol, symbol != listing.name { lines.append("  \(symbol)") }
    lines.append("  " + Self.counts(listing))
    return lines
  }

  /// What there is, and that there is none of what costs most.
  static func counts(_ listing: CodeListing) -> String {
    let always: Set<CodeMark> = [.access, .locked, .retain, .release, .unspecialised]
    return CodeMark.allCases.compactMap { mark in
      let count = listing.count(mark)
      guard count > 0 || always.contains(mark) else { return nil }
      return "\(mark.plural) \(count)"
    }.joined(separator: ", ")
  }

  static func offset(_ line: CodeListing.Line, _ listing: CodeListing) -> String {
    let digits = String(line.address - listing.range.lowerBound, radix: 16)
    return "+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  static func words(_ line: CodeListing.Line) -> String {
    line.marks.map { mark in
      let isNamed = line.text.contains(line.note ?? "")
      return mark.words + (line.note.map { isNamed ? "" : " (\($0))" } ?? "")
    }.joined(separator: ", ")
  }
}

extension CodeMark {
  /// As it stands before a number.
  var plural: String {
    switch self {
    case .access: "accesses"
    case .accessEnd: "ends of accesses"
    case .locked: "locked"
    case .wait: "waits"
    case .retain: "retains"
    case .release: "releases"
    case .uniqueness: "uniqueness checks"
    case .allocation: "allocations"
    case .deallocation: "deallocations"
    case .unspecialised: "not specialised"
    case .indirect: "through pointers"
    case .call: "other calls"
    case .trap: "traps"
    }
  }
}

extension String {
  func padded(to width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }

  var trimmed: String {
    String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
  }
}
