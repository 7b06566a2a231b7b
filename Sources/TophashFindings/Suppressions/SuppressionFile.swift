/// A file that says which findings need no attention, one entry a line.
///
///     # what                               until when         why
///     variable:Inventory.stock             until:2027-01-31   # repaired with the next release
///     file:Sources/Legacy/* rule:storage-modification         # goes with the old store
///
/// All conditions of a line have to fit. A value with spaces stands in double quotes. A line must
/// say why, and a line that only says why is a comment.
package struct SuppressionFile: Sendable {
  /// One line.
  package struct Entry: Hashable, Sendable {
    /// Counted from 1.
    package var line: Int
    package var conditions: [Condition]
    /// The last day on which it counts.
    package var until: Day?
    package var reason: String
  }

  /// What a finding has to have.
  package struct Condition: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
      case variable, function, file, module, rule, fingerprint
    }

    package var kind: Kind
    package var pattern: Pattern
  }

  package var path: String
  package var entries: [Entry]

  /// Reads the text of the file at `path`.
  ///
  /// - Throws: the first mistake, with its place.
  package init(path: String, text: String) throws(TextFailure) {
    self.path = path
    entries = []
    var number = 0
    for line in text.sourceLines {
      number += 1
      do throws(LineFailure) {
        var parser = SuppressionLine(line)
        if let entry = try parser.entry(line: number) { entries.append(entry) }
      } catch {
        throw TextFailure(
          file: path, line: number, column: error.column, what: error.what, remedy: error.remedy)
      }
    }
  }
}

/// What is wrong in a line.
private struct LineFailure: Error {
  var column: Int
  var what: String
  var remedy: String
}

/// Takes a line apart.
private struct SuppressionLine {
  private let line: Substring
  private var rest: Substring

  init(_ line: Substring) {
    self.line = line
    rest = line
  }

  private var column: Int { line[..<rest.startIndex].utf8.count + 1 }

  private func failure(_ what: String, _ remedy: String, at column: Int? = nil) -> LineFailure {
    LineFailure(column: column ?? self.column, what: what, remedy: remedy)
  }

  /// `nil` for a line without an entry.
  mutating func entry(line number: Int) throws(LineFailure) -> SuppressionFile.Entry? {
    var entry = SuppressionFile.Entry(line: number, conditions: [], until: nil, reason: "")
    skipSpaces()
    let start = column
    while let first = rest.first, first != "#" {
      try word(into: &entry)
      skipSpaces()
    }
    guard !entry.conditions.isEmpty else {
      if entry.until == nil { return nil }
      throw failure(
        "an entry that would suppress everything", "add a condition, such as 'variable:NAME'",
        at: start)
    }
    entry.reason = rest.dropFirst().trimmed
    guard !entry.reason.isEmpty else {
      throw failure("no reason is given", "end the line with '# why'")
    }
    return entry
  }

  /// One `key:value`.
  private mutating func word(into entry: inout SuppressionFile.Entry) throws(LineFailure) {
    let start = column
    let key = rest.prefix { $0 != ":" && !$0.isWhitespace && $0 != "#" }
    rest = rest[key.endIndex...]
    guard rest.first == ":" else {
      throw failure("'\(key)' is no condition", "write 'variable:\(key)', or '# why'", at: start)
    }
    rest = rest.dropFirst()
    let place = column
    let value = try value()
    guard !value.isEmpty else {
      throw failure("'\(key)' has no value", "write '\(key):PATTERN'", at: place)
    }
    if key == "until" {
      guard let day = Day(value) else {
        throw failure("'\(value)' is no day", "write it as '2027-01-31'", at: place)
      }
      entry.until = day
      return
    }
    guard let kind = SuppressionFile.Condition.Kind(rawValue: String(key)) else {
      let known = SuppressionFile.Condition.Kind.allCases.map(\.rawValue) + ["until"]
      throw failure(
        "'\(key)' is no condition", "known are \(known.joined(separator: ", "))", at: start)
    }
    let pattern = Pattern(value)
    if kind == .rule, !Rule.allCases.contains(where: { pattern.matches($0.rawValue) }) {
      throw failure(
        "there is no rule '\(value)'",
        "known are \(Rule.allCases.map(\.rawValue).joined(separator: ", "))", at: place)
    }
    entry.conditions.append(.init(kind: kind, pattern: pattern))
  }

  private mutating func value() throws(LineFailure) -> String {
    guard rest.first == "\"" else {
      let value = rest.prefix { !$0.isWhitespace }
      rest = rest[value.endIndex...]
      return String(value)
    }
    let place = column
    let value = rest.dropFirst().prefix { $0 != "\"" }
    guard value.endIndex < rest.endIndex else {
      throw failure("a quote is not closed", "end the value with '\"'", at: place)
    }
    rest = rest[value.endIndex...].dropFirst()
    return String(value)
  }

  private mutating func skipSpaces() {
    rest = rest.drop(while: \.isWhitespace)
  }
}

extension Substring {
  /// Without the white space at both ends.
  var trimmed: String {
    let start = drop(while: \.isWhitespace)
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { String(start[...$0]) } ?? ""
  }
}
