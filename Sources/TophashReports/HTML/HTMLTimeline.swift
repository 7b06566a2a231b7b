import TophashFindings
import TophashSymbols

/// The interleaving, drawn in two columns with time running down: how each side came to its access,
/// and how long each access was open.
struct HTMLTimeline {
  /// A cell of the drawing.
  private enum Cell {
    case empty
    /// On the way to the access.
    case call(Frame)
    /// The access begins, goes on, or ends.
    case begin(Side)
    case open(String)
    case end(Side)
  }

  private enum Row {
    case both(Cell, Cell)
    /// Over both columns.
    case verdict(String)
  }

  private let finding: Finding
  private let paths: Paths

  init(_ finding: Finding, paths: Paths) {
    self.finding = finding
    self.paths = paths
  }

  private var rows: [Row] {
    let (first, second) = (finding.open, finding.begun)
    let name = finding.variable.spoken
    var rows = calls(of: first).map { Row.both(.call($0), .empty) }
    rows.append(.both(.begin(first), .empty))
    switch finding.grade {
    case .caught:
      if first.isHeld { rows.append(.both(.open("a trap holds it open"), .empty)) }
      if first.isSuspended { rows.append(.both(.open("it waits in an await"), .empty)) }
      rows += calls(of: second).map { .both(.open(""), .call($0)) }
      rows.append(.both(.open(""), .begin(second)))
      rows.append(.verdict("both have \(name) open at this moment"))
      rows.append(.both(.open("…"), .open("…")))
    case .unordered:
      rows.append(.both(.end(first), .empty))
      rows.append(.verdict("nothing was seen that makes one wait for the other"))
      rows += calls(of: second).map { .both(.empty, .call($0)) }
      rows.append(.both(.empty, .begin(second)))
      rows.append(.both(.empty, .end(second)))
    }
    return rows
  }

  /// The outer frames, outermost first; of a long way, its end.
  private func calls(of side: Side) -> [Frame] {
    let frames = ShownStack(side, variable: finding.variable).ownFrames
    return frames.drop { $0 != side.site }.dropFirst().prefix(Self.longestWay).reversed()
  }

  private static let longestWay = 4

  var node: HTMLNode {
    .tag(
      "table", "timeline", [],
      .tag("caption", nil, [], "How the two met, from top to bottom"),
      .tag(
        "thead", nil, [],
        .tag(
          "tr", nil, [],
          .group(
            finding.sides.map { .tag("th", nil, [("scope", "col")], .text($0.owner.description)) }))
      ),
      .tag("tbody", nil, [], .group(rows.map(node))))
  }

  private func node(_ row: Row) -> HTMLNode {
    switch row {
    case .both(let one, let other): .tag("tr", nil, [], node(one), node(other))
    case .verdict(let words):
      .tag("tr", "verdict", [], .tag("td", nil, [("colspan", "2")], .text(words)))
    }
  }

  private func node(_ cell: Cell) -> HTMLNode {
    switch cell {
    case .empty: .tag("td")
    case .call(let frame): .tag("td", "call", [], .tag("code", nil, [], .text(frame.functionText)))
    case .begin(let side):
      .tag(
        "td", "open begin", [], .tag("b", nil, [], "\(side.operation.rawValue) begins"), " ",
        .tag("code", nil, [], .text(side.site?.functionText ?? "")), " ",
        .tag("span", "place", [], .text(side.site?.placeText(paths) ?? "")))
    case .open(let words): .tag("td", "open", [], .text(words))
    case .end(let side): .tag("td", "open end", [], "\(side.operation.rawValue) ends")
    }
  }
}
