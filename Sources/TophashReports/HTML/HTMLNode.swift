/// A part of a page. Text is escaped when it is written, so that no name of the program can become
/// markup.
indirect enum HTMLNode {
  case text(String)
  case element(String, [(name: String, value: String)], [HTMLNode])
  case group([HTMLNode])

  static let nothing = HTMLNode.group([])

  /// `<name class="style">…</name>`.
  static func tag(
    _ name: String, _ style: String? = nil, _ attributes: [(name: String, value: String)] = [],
    _ children: HTMLNode...
  ) -> HTMLNode {
    .element(name, (style.map { [("class", $0)] } ?? []) + attributes, children)
  }

  /// Elements that have no content and no end.
  private static let void: Set<String> = ["br", "hr", "input", "meta"]

  func write(to output: inout some TextOutputStream) {
    switch self {
    case .text(let text): output.write(Self.escaped(text))
    case .group(let nodes): for node in nodes { node.write(to: &output) }
    case .element(let name, let attributes, let children):
      output.write("<" + name)
      for (name, value) in attributes { output.write(" \(name)=\"\(Self.escaped(value))\"") }
      output.write(">")
      if Self.void.contains(name) { return }
      for child in children { child.write(to: &output) }
      output.write("</\(name)>")
    }
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"": result += "&quot;"
      // A page may not hold these, whatever they are written as.
      case "\u{0}"..<"\u{9}", "\u{b}", "\u{e}"..<"\u{20}", "\u{7f}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension HTMLNode: ExpressibleByStringInterpolation {
  init(stringLiteral text: String) {
    self = .text(text)
  }
}
