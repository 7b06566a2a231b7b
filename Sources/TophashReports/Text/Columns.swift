/// Rows whose cells start in the same column. Widths are those of the plain text; paint comes
/// afterwards, so that colour does not move anything.
package struct Columns {
  package typealias Paint = (String) -> String

  private var rows: [[String]] = []

  /// A cell that is longer moves only what follows it in its own row.
  private static let widest = 72

  package init() {}

  package mutating func add(_ cells: String...) {
    add(cells)
  }

  mutating func add(_ cells: [String]) {
    rows.append(cells)
  }

  /// Lines that start with `indent`; `paints` go with the columns.
  package func lines(indent: String, gap: Int = 2, paints: [Paint] = []) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }
        .filter { $0 <= Self.widest }.max() ?? 0
    }
    return rows.map { row in
      let last = row.lastIndex { !$0.isEmpty } ?? 0
      var line = indent
      for (column, cell) in row.enumerated().prefix(last + 1) {
        line += paints.indices.contains(column) ? paints[column](cell) : cell
        if column < last {
          line += String(repeating: " ", count: max(0, widths[column] - cell.count) + gap)
        }
      }
      return line
    }
  }
}
