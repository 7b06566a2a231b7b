import Foundation

/// The matrix in rows and columns of words, for a terminal or for Markdown.
package struct MatrixTable {
  package enum Form: Sendable {
    case text, markdown
  }

  package var form: Form

  package init(_ form: Form) {
    self.form = form
  }

  package func text(for matrix: Matrix) -> String {
    let titles = ["misuse"] + matrix.methods.map(\.title)
    let rates = matrix.rows.map { row in
      [row.name] + matrix.methods.map { Self.rate(row[$0], isStatic: $0.isStatic) }
    }
    let costs = matrix.rows.map { row in
      [row.name] + matrix.methods.map { Self.cost(row[$0]) }
    }
    var parts = [
      heading("Noticed, of \(matrix.runs) runs"), table([titles] + rates),
      heading("CPU time of a run, median, in milliseconds"), table([titles] + costs),
      heading("The methods"), list(matrix.methods.map { "\($0.title): \($0.words)" }),
      heading("Where Tophash is blind"),
    ]
    let blind = matrix.blindSpots
    parts.append(
      blind.isEmpty
        ? "Each of these misuses was noticed at least once by one of its methods.\n" : list(blind))
    let reasons = Set(matrix.rows.flatMap { $0.cells.values.compactMap(\.reason) }).sorted()
    if !reasons.isEmpty {
      parts += [heading("No number, because"), list(reasons)]
    }
    parts.append(matrix.conditions + "\n")
    return parts.joined(separator: "\n")
  }

  /// `18/20`, `18/20 (2 †)` with crashes, `yes` and `no` for what is looked at once, `–` where
  /// the method does not apply.
  static func rate(_ cell: Matrix.Cell?, isStatic: Bool) -> String {
    guard let cell, cell.runs > 0 else { return "–" }
    if isStatic { return cell.noticed > 0 ? "yes" : "no" }
    return "\(cell.noticed)/\(cell.runs)" + (cell.crashed > 0 ? " (\(cell.crashed) †)" : "")
  }

  private static func cost(_ cell: Matrix.Cell?) -> String {
    guard let cell, cell.runs > 0 else { return "–" }
    return String(format: "%.0f", cell.cpuSeconds * 1000)
  }

  private func heading(_ text: String) -> String {
    form == .markdown ? "## \(text)\n" : "\(text)\n"
  }

  private func list(_ lines: [String]) -> String {
    lines.map { (form == .markdown ? "- " : "  ") + $0 + "\n" }.joined()
  }

  private func table(_ rows: [[String]]) -> String {
    if form == .markdown {
      let lines = rows.map { "| " + $0.joined(separator: " | ") + " |\n" }
      let rule = "|---|" + String(repeating: "---:|", count: rows[0].count - 1) + "\n"
      return lines[0] + rule + lines.dropFirst().joined()
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }
      return "  " + cells.joined(separator: "  ") + "\n"
    }.joined()
  }
}
