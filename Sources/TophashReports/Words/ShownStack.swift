import TophashFindings
import TophashSymbols

/// A stack as people read it: the program's own frames, and the runtime's folded. What the compiler
/// made between two functions, and the variable's own accessor, say nothing and are left out.
struct ShownStack {
  enum Row {
    case frame(Frame, isAwaited: Bool)
    /// Of the runtime, one after the other.
    case folded([Frame])
  }

  private(set) var rows: [Row] = []

  init(_ side: Side, variable: Variable) {
    let frames = side.stack.enumerated().filter { index, frame in
      frame.origin != .own || index == side.siteIndex
        || !frame.isThunk && !frame.isAccessor(of: variable)
    }
    add(frames.map(\.element), isAwaited: false)
    add(side.awaitedBy.filter { !$0.isThunk }, isAwaited: true)
  }

  /// The program's own frames, innermost first.
  var ownFrames: [Frame] {
    rows.compactMap { if case .frame(let frame, _) = $0 { frame } else { nil } }
  }

  private mutating func add(_ frames: [Frame], isAwaited: Bool) {
    var folded: [Frame] = []
    func fold(into rows: inout [Row]) {
      if !folded.isEmpty { rows.append(.folded(folded)) }
      folded = []
    }
    for frame in frames {
      if frame.origin != .own {
        folded.append(frame)
        continue
      }
      fold(into: &rows)
      rows.append(.frame(frame, isAwaited: isAwaited))
    }
    fold(into: &rows)
  }
}
