import Foundation

/// The matrix as one HTML page, a heat map: the greener, the more often noticed.
package struct MatrixPage {
  package init() {}

  package func text(for matrix: Matrix) -> String {
    let head = (["misuse"] + matrix.methods.map(\.title)).map { "<th>\(Self.escaped($0))</th>" }
    let rows = matrix.rows.map { row in
      let cells = matrix.methods.map { Self.cell(row[$0], $0) }
      return "<tr><th>\(Self.escaped(row.name))</th>\(cells.joined())</tr>"
    }
    let methods = matrix.methods.map {
      "<dt>\(Self.escaped($0.title))</dt><dd>\(Self.escaped($0.words))</dd>"
    }
    let blind = matrix.blindSpots.map { "<li>\(Self.escaped($0))</li>" }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <title>Which method notices which misuse</title>
      <style>
      body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: #1b1f24; background: #fff; }
      table { border-collapse: separate; border-spacing: 2px; }
      th { text-align: left; font-weight: 600; padding: .3em .6em; }
      td { text-align: right; padding: .3em .6em; border-radius: 3px; min-width: 4.5em; }
      td.none { color: #767b82; background: #f1f2f4; }
      dt { font-weight: 600; } dd { margin: 0 0 .4em 1em; }
      </style>
      </head>
      <body>
      <h1>Which method notices which misuse</h1>
      <p>Noticed in how many of \(matrix.runs) runs; below, the median CPU time of a run.</p>
      <table>
      <thead><tr>\(head.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table>
      <h2>The methods</h2>
      <dl>\(methods.joined(separator: "\n"))</dl>
      <h2>Where Tophash is blind</h2>
      \(blind.isEmpty
        ? "<p>Each of these misuses was noticed at least once by one of its methods.</p>"
        : "<ul>\(blind.joined())</ul>")
      </body>
      </html>

      """
  }

  private static func cell(_ cell: Matrix.Cell?, _ method: Method) -> String {
    guard let cell, let rate = cell.rate else {
      let why = cell?.reason ?? "does not apply"
      return "<td class=\"none\" title=\"\(escaped(why))\">–</td>"
    }
    // From red over yellow to green, light enough for black text.
    let hue = Int(rate * 120)
    let time = String(format: "%.0f ms", cell.cpuSeconds * 1000)
    let text = escaped(MatrixTable.rate(cell, isStatic: method.isStatic))
    return "<td style=\"background: hsl(\(hue) 70% 82%)\">\(text)<br><small>\(time)</small></td>"
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
