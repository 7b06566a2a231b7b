import TophashSymbols

/// One line of source with a mark under the column.
struct Excerpt {
  private let number: String
  private let text: String
  private let padding: String?

  /// `nil` when the file cannot be read, or does not have that line (any more).
  init?(at location: SourceLocation, in source: SourceCache) {
    guard let line = source.line(location.line, of: location.file),
      line.contains(where: { !$0.isWhitespace })
    else { return nil }
    number = String(location.line)
    text = String(line)
    // Columns count bytes. A tab stays a tab, so that the mark stands where the reader looks.
    let before = location.column - 1
    padding =
      before >= 0 && before < line.utf8.count
      ? String(
        String(decoding: line.utf8.prefix(before), as: UTF8.self).map { $0 == "\t" ? $0 : " " })
      : nil
  }

  func lines(indent: String, style: Style) -> [String] {
    let margin = String(repeating: " ", count: number.count)
    let source = indent + style.faint("\(number) | ") + text
    guard let padding else { return [source] }
    return [source, indent + style.faint("\(margin) | ") + padding + style.mark("^")]
  }
}
