import Foundation

/// The matrix as one HTML page, a heat map: the greener, the more often noticed. What only says
/// where to look has no colour.
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
      :root { --text: #1b1f24; --quiet: #656c76; --page: #fff; --empty: #f1f2f4;
        --depth: 70% 82%; color-scheme: light dark; }
      @media (prefers-color-scheme: dark) {
        :root { --text: #e6e9ee; --quiet: #9aa2ad; --page: #14171b; --empty: #1f2328;
          --depth: 42% 27%; }
      }
      body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; color: var(--text);
        background: var(--page); }
      .table { overflow-x: auto; }
      table { border-collapse: separate; border-spacing: 2px; }
      th { text-align: left; font-weight: 600; padding: .3em .6em; white-space: nowrap; }
      thead th { position: sticky; top: 0; background: var(--page); }
      thead th + th { text-align: right; }
      td { text-align: right; padding: .3em .6em; border-radius: 3px; min-width: 4.5em;
        line-height: 1.2; background: hsl(var(--hue) var(--depth)); white-space: nowrap; }
      td.none { color: var(--quiet); background: var(--empty); }
      td.hint { background: var(--empty); }
      small, p.quiet { color: var(--quiet); } td small { color: inherit; opacity: .75; }
      dt { font-weight: 600; } dd { margin: 0 0 .4em 1em; }
      </style>
      <meta name="viewport" content="width=device-width">
      </head>
      <body>
      <h1>Which method notices which misuse</h1>
      <p>Noticed in how many of \(matrix.runs) runs; below, the median CPU time of a run.</p>
      <div class="table"><table>
      <thead><tr>\(head.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div>
      <p class="quiet">\(matrix.conditions)</p>
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
    // From red over yellow to green; light enough for dark text, and dark enough for light text.
    let hue = Int(rate * 120)
    let time = String(format: "%.0f ms", cell.cpuSeconds * 1000)
    let text = escaped(MatrixTable.rate(cell, isStatic: method.isStatic))
    let colour = method.isHint ? "class=\"hint\"" : "style=\"--hue: \(hue)\""
    return "<td \(colour)>\(text)<br><small>\(time)</small></td>"
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
