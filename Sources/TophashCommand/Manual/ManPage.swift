/// The manual for `man`, in the macros of man(7).
struct ManPage {
  private let commands: [CommandHelp]
  private let version: String

  init(_ commands: [CommandHelp], version: String) {
    self.commands = commands
    self.version = version
  }

  var text: String {
    let root = commands[0]
    let others = commands.dropFirst()
    var lines = [
      ".TH TOPHASH 1 \"\" \"\(version)\"",
      ".SH NAME",
      "tophash \\- " + Self.escaped(root.abstract),
      ".SH SYNOPSIS",
      ".nf",
    ]
    lines += others.map { ".B " + Self.escaped($0.usage) } + [".fi", ".SH DESCRIPTION"]
    lines += Self.blocks(root.discussion) + Self.list(root.arguments)
    for command in others {
      lines += [".SH " + Self.escaped(command.name.uppercased())]
      lines += Self.blocks([.paragraph(command.abstract)] + command.discussion)
      lines += [".SS Options"] + Self.list(command.arguments)
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func blocks(_ blocks: [HelpBlock]) -> [String] {
    var lines: [String] = []
    for block in blocks {
      // A heading makes room by itself.
      if !lines.isEmpty, lines.last?.hasPrefix(".SS") == false { lines.append(".PP") }
      switch block {
      case .paragraph(let text): lines.append(escaped(text))
      case .heading(let text):
        if lines.last == ".PP" { lines.removeLast() }
        lines.append(".SS " + escaped(text))
      case .table(let rows): lines += [".nf"] + rows.map(escaped) + [".fi"]
      }
    }
    return lines
  }

  private static func list(_ arguments: [CommandHelp.Argument]) -> [String] {
    arguments.flatMap { [".TP", ".B " + escaped($0.term), escaped($0.text)] }
  }

  /// A line that means itself: no macro, no escape, and dashes that can be copied.
  private static func escaped(_ line: String) -> String {
    let text = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
  }
}
