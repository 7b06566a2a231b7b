/// Two functions side by side, or one in two builds: equal instructions stand in one row.
package struct ListingComparison {
  package var directory = ""
  /// Of each of the two columns.
  package var width = 52

  package init(directory: String = "") {
    self.directory = directory
  }

  package func text(for left: CodeListing, _ right: CodeListing) -> String {
    let text = ListingText(directory: directory)
    var lines = text.head(left) + [""] + text.head(right) + [""]
    lines.append("  " + "what".padded(to: 20) + "left".padded(to: 8) + "right")
    for mark in CodeMark.allCases where left.count(mark) + right.count(mark) > 0 {
      let counts = "\(left.count(mark))".padded(to: 8) + "\(right.count(mark))"
      lines.append("  " + mark.plural.padded(to: 20) + counts)
    }
    let instructions = "\(left.lines.count)".padded(to: 8) + "\(right.lines.count)"
    lines += ["  " + "instructions".padded(to: 20) + instructions, ""]
    for (one, other) in Self.rows(left.lines, right.lines) {
      let sign = one == nil ? ">" : other == nil ? "<" : " "
      lines.append("\(cell(one)) \(sign) \(cell(other))".trimmed)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func cell(_ line: CodeListing.Line?) -> String {
    guard let line else { return String(repeating: " ", count: width) }
    let words = ListingText.words(line)
    let text = line.text + (words.isEmpty ? "" : "  ; " + words)
    return text.count > width ? String(text.prefix(width - 1)) + "…" : text.padded(to: width)
  }

  /// The longest common subsequence, found with a table: functions have some hundred instructions.
  static func rows(
    _ left: [CodeListing.Line], _ right: [CodeListing.Line]
  ) -> [(CodeListing.Line?, CodeListing.Line?)] {
    // Far above a function that anybody compares by eye; the table would not fit.
    guard left.count * right.count <= 1 << 24 else {
      return left.map { ($0, nil) } + right.map { (nil, $0) }
    }
    var lengths = [[Int32]](
      repeating: [Int32](repeating: 0, count: right.count + 1), count: left.count + 1)
    for row in left.indices.reversed() {
      for column in right.indices.reversed() {
        lengths[row][column] =
          left[row].text == right[column].text
          ? lengths[row + 1][column + 1] + 1
          : max(lengths[row + 1][column], lengths[row][column + 1])
      }
    }
    var rows: [(CodeListing.Line?, CodeListing.Line?)] = []
    var (row, column) = (0, 0)
    while row < left.count || column < right.count {
      if row < left.count, column < right.count, left[row].text == right[column].text {
        rows.append((left[row], right[column]))
        row += 1
        column += 1
      } else if column == right.count
        || row < left.count && lengths[row + 1][column] >= lengths[row][column + 1]
      {
        rows.append((left[row], nil))
        row += 1
      } else {
        rows.append((nil, right[column]))
        column += 1
      }
    }
    return rows
  }
}
