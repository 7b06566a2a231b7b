/// The table of an interleaving: a column for each thread, time going down.
struct InterleavingText {
  let interleaving: Interleaving
  /// More columns than this are no table any more, but a list.
  static let widestTable = 4
  /// Rows that are always shown at the end, and around a deviation.
  static let ending = 24
  static let surrounding = 2

  var lines: [String] {
    let lanes = interleaving.lanes
    guard !lanes.isEmpty else { return [] }
    return lanes.count <= Self.widestTable ? table(lanes) : list(lanes)
  }

  /// Rows to show; `nil` for a gap.
  private var shown: [Interleaving.Row?] {
    let rows = interleaving.rows
    var keep = Set(rows.indices.suffix(Self.ending))
    for (index, row) in rows.enumerated() where row.isDeviation {
      for near in max(0, index - Self.surrounding)...min(rows.count - 1, index + Self.surrounding) {
        keep.insert(near)
      }
    }
    var shown: [Interleaving.Row?] = []
    for (index, row) in rows.enumerated() {
      if keep.contains(index) {
        shown.append(row)
      } else if index == 0 || keep.contains(index - 1) {
        shown.append(nil)
      }
    }
    return shown
  }

  private func table(_ lanes: [Interleaving.Lane]) -> [String] {
    var cells: [[String]] = [[""] + lanes.map(interleaving.name)]
    for row in shown {
      guard let row else {
        cells.append(["…"] + lanes.map { _ in "" })
        continue
      }
      cells.append([row.place ?? ""] + lanes.map { $0 == row.lane ? row.what : "" })
    }
    let widths = (0...lanes.count).map { column in cells.map { $0[column].count }.max() ?? 0 }
    var lines = cells.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ")
    }
    lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
    return lines.map(trimmed)
  }

  private func list(_ lanes: [Interleaving.Lane]) -> [String] {
    let width = lanes.map { interleaving.name(of: $0).count }.max() ?? 0
    let place = interleaving.rows.map { $0.place?.count ?? 0 }.max() ?? 0
    return shown.map { row in
      guard let row else { return "…" }
      let name = interleaving.name(of: row.lane)
      let at = row.place ?? ""
      return trimmed(
        at + String(repeating: " ", count: place - at.count + 2) + name
          + String(repeating: " ", count: width - name.count + 2) + row.what)
    }
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
