import TophashFindings
import TophashSymbols

/// A stack in lines.
struct StackText {
  private let stack: ShownStack

  init(_ side: Side, variable: Variable) {
    stack = ShownStack(side, variable: variable)
  }

  func lines(indent: String, paths: Paths, style: Style) -> [String] {
    var columns = Columns()
    for row in stack.rows {
      switch row {
      case .frame(let frame, let isAwaited):
        columns.add(
          (isAwaited ? "awaited by " : "") + frame.functionText, frame.placeText(paths))
      case .folded(let frames):
        columns.add("… \(frames.count) runtime frame\(frames.count == 1 ? "" : "s")")
      }
    }
    return columns.lines(indent: indent, paints: [{ $0 }, style.place])
  }
}

extension Frame {
  /// The function, and that it stands for several where it does.
  package var functionText: String { isMerged ? function + " (merged)" : function }

  /// `Inventory.swift:41:9`, or the image and offset for code without line information.
  package func placeText(_ paths: Paths) -> String {
    if let location { return location.text(paths) }
    guard let image else { return "" }
    let place = "\(paths.relative(image)) + 0x\(String(offset, radix: 16))"
    return place.hasSuffix(function) ? paths.relative(image) : place
  }
}

extension SourceLocation {
  /// `file:line:column`, without the column when it is not known, and saying so when the line is
  /// only the nearest one or that of the caller.
  func text(_ paths: Paths) -> String {
    let place = "\(paths.relative(file)):\(line)"
    return switch precision {
    case .exact: column > 0 ? "\(place):\(column)" : place
    case .nearest: place + " (nearest line)"
    case .caller: place + " (line of the caller)"
    }
  }
}
