import TophashMisuses
import TophashReports

/// Pages of Markdown as a terminal shows them: headings at the margin, text behind it, code deeper.
///
/// Knows what these pages use: headings, paragraphs, bullets, fenced code, and in a line
/// emphasis, code and links.
struct PageText {
  var style: Style
  var width = 80

  /// All names with their titles, by group.
  func list(_ misuses: [Misuse]) -> String {
    let indent = (misuses.map(\.name.count).max() ?? 0) + 4
    let groups = Misuse.Group.allCases.map { group in
      let entries = misuses.filter { $0.group == group }.map { misuse in
        let name = "  \(misuse.name)"
        let lines = wrapped(misuse.title, indent: indent)
        return name + lines.dropFirst(name.count)
      }
      return style.strong(group.rawValue) + "\n" + entries.joined()
    }
    return groups.joined(separator: "\n")
      + "\n'tophash explain NAME' explains one of them.\n"
  }

  /// A whole page.
  func page(_ markdown: String) -> String {
    var text = ""
    var paragraph = ""
    var isCode = false
    func flush() {
      guard !paragraph.isEmpty else { return }
      let isBullet = paragraph.hasPrefix("- ")
      text += wrapped(paragraph, indent: 2, hang: isBullet ? 2 : 0)
      paragraph = ""
    }
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        flush()
        isCode.toggle()
      } else if isCode {
        text += line.isEmpty ? "\n" : "      \(line)\n"
      } else if line.hasPrefix("#") {
        flush()
        text += style.strong(plain(String(line.drop { $0 == "#" || $0 == " " }))) + "\n"
      } else if line.isEmpty {
        flush()
        text += "\n"
      } else if line.hasPrefix("- ") {
        flush()
        paragraph = String(line)
      } else {
        paragraph += paragraph.isEmpty ? "\(line)" : " \(line)"
      }
    }
    flush()
    while text.hasSuffix("\n\n") { text.removeLast() }
    return text
  }

  /// A paragraph in lines of at most `width`, unless a word is longer; later lines are `hang`
  /// deeper.
  private func wrapped(_ paragraph: String, indent: Int, hang: Int = 0) -> String {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    for word in plain(paragraph).split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(repeating: " ", count: indent + hang)
        isEmpty = true
      }
      line += isEmpty ? "\(word)" : " \(word)"
      isEmpty = false
    }
    return (lines + [line]).map { $0 + "\n" }.joined()
  }

  /// Text without the signs of emphasis, and links without their targets. Code keeps its backticks.
  private func plain(_ text: String) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
      guard index.isMultiple(of: 2) else { return String(part) }
      return String(part).replacing(/\[([^\]]*)\]\([^)]*\)/) { String($0.1) }
        .replacing("*", with: "")
    }.joined(separator: "`")
  }
}
