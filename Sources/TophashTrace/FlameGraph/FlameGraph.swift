import TophashReports

/// A flame graph as a picture that stands by itself: a box for each function, as wide as the time
/// that was spent waiting below it; callers below, what they call above.
///
/// No script: every box has its whole name and its time as a tooltip.
package struct FlameGraph {
  /// In units of the picture.
  private enum Size {
    static let width = 1200.0
    static let row = 18.0
    static let margin = 10.0
    static let title = 34.0
    /// Boxes that are narrower are left out.
    static let narrowest = 0.3
    /// Of a character of the text in a box.
    static let character = 6.6
  }

  private var lines: [String] = []
  private let total: UInt64
  private let height: Double

  /// - Parameter title: What was measured, and of which program.
  package static func svg(_ tree: FlameTree, title: String) -> String {
    var graph = FlameGraph(tree)
    graph.write(title)
    graph.add(tree.root, x: Size.margin, level: 0)
    graph.lines.append("</svg>")
    return graph.lines.joined(separator: "\n") + "\n"
  }

  private init(_ tree: FlameTree) {
    total = max(tree.root.weight, 1)
    height = Size.title + Double(tree.depth) * Size.row + Size.margin
  }

  private mutating func write(_ title: String) {
    let width = Int(Size.width)
    lines = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(Int(height))" \
      width="\(width)" height="\(Int(height))" font-family="ui-monospace, Menlo, Consolas, \
      monospace" font-size="11">
      """,
      // Boxes are light, with dark text, on a page of either kind.
      """
      <style>
      :root { color-scheme: light dark }
      .page { fill: #fff } .title { fill: #1b1f24; font-size: 14px }
      g rect { stroke: #fff; stroke-width: 0.5 } g:hover rect { stroke: #000; stroke-width: 1 }
      @media (prefers-color-scheme: dark) {
        .page { fill: #14171b } .title { fill: #e6e9ee }
        g rect { stroke: #14171b } g:hover rect { stroke: #fff }
      }
      </style>
      """,
      "<rect class=\"page\" width=\"100%\" height=\"100%\"/>",
      "<text class=\"title\" x=\"\(Int(Size.margin))\" y=\"22\">\(Self.escaped(title))</text>",
    ]
  }

  private mutating func add(_ box: FlameTree.Box, x: Double, level: Int) {
    let width = (Size.width - 2 * Size.margin) * Double(box.weight) / Double(total)
    guard width >= Size.narrowest else { return }
    let y = height - Size.margin - Double(level + 1) * Size.row
    let time = Number.duration(nanoseconds: box.weight)
    let share = Number.percent(Double(box.weight) / Double(total))
    lines.append(
      """
      <g><title>\(Self.escaped("\(box.name): \(time), \(share)"))</title>\
      <rect x="\(Self.short(x))" y="\(Self.short(y))" width="\(Self.short(width))" \
      height="\(Int(Size.row) - 1)" fill="\(Self.color(box.name))"/>\(label(box.name, x, y, width))</g>
      """)
    var x = x
    for child in box.children {
      add(child, x: x, level: level + 1)
      x += (Size.width - 2 * Size.margin) * Double(child.weight) / Double(total)
    }
  }

  /// As much of the name as fits; nothing where that is less than three characters.
  private func label(_ name: String, _ x: Double, _ y: Double, _ width: Double) -> String {
    let room = Int((width - 6) / Size.character)
    guard room >= 3 else { return "" }
    let text = name.count <= room ? name : name.prefix(room - 1) + "…"
    return
      "<text x=\"\(Self.short(x + 3))\" y=\"\(Self.short(y + 12.5))\">\(Self.escaped(text))</text>"
  }

  /// One colour for one name, wherever it stands: warm ones, and blue for what is waited for.
  private static func color(_ name: String) -> String {
    let hash = name.utf8.reduce(5381 as UInt32) { $0 &* 33 ^ UInt32($1) }
    let shade = Int(hash % 30)
    return name.hasPrefix("[")
      ? "hsl(\(200 + shade % 20), 60%, \(72 + shade % 8)%)"
      : "hsl(\(20 + shade), 85%, \(66 + shade % 10)%)"
  }

  private static func short(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }

  private static func escaped(_ text: some StringProtocol) -> String {
    String(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
      ">", with: "&gt;"
    )
    .replacing("\"", with: "&quot;")
  }
}
