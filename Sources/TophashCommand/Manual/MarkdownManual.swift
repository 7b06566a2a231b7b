/// The manual for the documentation, as one page of Markdown.
struct MarkdownManual {
  private let commands: [CommandHelp]

  init(_ commands: [CommandHelp]) { self.commands = commands }

  var text: String {
    var lines = ["# Commands", "", "What each command does, and all its options.", ""]
    for command in commands.dropFirst() {
      lines += ["## \(command.name)", "", command.abstract, ""]
      lines += ["```", command.usage, "```", ""]
      lines += command.discussion.flatMap(Self.block)
      lines += ["### Options of \(command.name)", "", "| option | |", "|---|---|"]
      lines += command.arguments.map {
        "| `\(Self.cell($0.term))` | \(Self.cell(Self.escaped($0.text))) |"
      }
      lines.append("")
    }
    lines.removeLast()
    return lines.map { $0 + "\n" }.joined()
  }

  private static func block(_ block: HelpBlock) -> [String] {
    switch block {
    case .paragraph(let text): [escaped(text), ""]
    // The text's headings are the same in many commands: not worth an entry of their own.
    case .heading(let text): ["**\(text)**", ""]
    case .table(let lines): ["```"] + lines.map { String($0.dropFirst(2)) } + ["```", ""]
    }
  }

  private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

  /// Text that means itself, but for code between backticks.
  private static func escaped(_ text: String) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
      guard index.isMultiple(of: 2) else { return String(part) }
      return String(
        part.flatMap { "\\*_<>[]#".contains($0) ? ["\\", $0] : [$0] })
    }.joined(separator: "`")
  }
}
