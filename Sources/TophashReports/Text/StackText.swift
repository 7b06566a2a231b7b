import TophashFindings
import TophashSymbols

/// A stack with the program's own frames, and a count in place of the runtime's. What the compiler
/// made between two functions, and the variable's own accessor, say nothing and are left out.
struct StackText {
  private enum Row {
    case frame(Frame, awaited: Bool)
    case folded(Int)
  }

  private var rows: [Row] = []

  init(_ side: Side, variable: Variable) {
    let frames = side.stack.enumerated().filter { index, frame in
      frame.origin != .own || index == side.siteIndex
        || !frame.isThunk && !frame.isAccessor(of: variable)
    }
    add(frames.map(\.element), awaited: false)
    add(side.awaitedBy.filter { !$0.isThunk }, awaited: true)
  }

  private mutating func add(_ frames: [Frame], awaited: Bool) {
    var folded = 0
    for frame in frames {
      if frame.origin != .own {
        folded += 1
        continue
      }
      if folded > 0 { rows.append(.folded(folded)) }
      folded = 0
      rows.append(.frame(frame, awaited: awaited))
    }
    if folded > 0 { rows.append(.folded(folded)) }
  }

  func lines(indent: String, paths: Paths, style: Style) -> [String] {
    var columns = Columns()
    for row in rows {
      switch row {
      case .frame(let frame, let awaited):
        columns.add(
          (awaited ? "awaited by " : "") + frame.functionText, frame.placeText(paths))
      case .folded(let count):
        columns.add("… \(count) runtime frame\(count == 1 ? "" : "s")")
      }
    }
    return columns.lines(indent: indent, paints: [{ $0 }, style.place])
  }
}

extension Frame {
  /// The function, and that it stands for several where it does.
  var functionText: String { isMerged ? function + " (merged)" : function }

  /// `Inventory.swift:41:9`, or the image and offset for code without line information.
  func placeText(_ paths: Paths) -> String {
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
