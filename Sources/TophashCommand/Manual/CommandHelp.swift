import ArgumentParser
import Foundation

/// What the argument parser knows of one command.
struct CommandHelp {
  /// As one types it: `tophash run`.
  var name: String
  var abstract: String
  var usage: String
  var discussion: [HelpBlock]
  var arguments: [Argument]

  /// An option, a flag or an operand.
  struct Argument {
    /// `--output <file>`
    var term: String
    var text: String
  }

  /// `tophash` and its commands, in the order of its help.
  ///
  /// - Throws: 70 when the parser tells it in another way than this version expects.
  static func all() throws(ToolError) -> [CommandHelp] {
    let root: DumpedCommand
    do {
      root = try JSONDecoder().decode(DumpedHelp.self, from: Data(dump.utf8)).command
    } catch {
      throw .toolFailed("the help cannot be read: \(error)", "report it, with this line")
    }
    return [CommandHelp(root, name: root.commandName, usage: Tophash.usageString())]
      + commands(below: root, Tophash.self, name: root.commandName)
  }

  /// The commands of a command, each with its own behind it.
  private static func commands(
    below command: DumpedCommand, _ type: any ParsableCommand.Type, name: String
  ) -> [CommandHelp] {
    let dumped = (command.subcommands ?? []).filter { $0.commandName != "help" }
    return zip(dumped, type.configuration.subcommands).filter(\.0.shouldDisplay).flatMap {
      command, type in
      let name = "\(name) \(command.commandName)"
      return [CommandHelp(command, name: name, usage: Tophash.usageString(for: type))]
        + commands(below: command, type, name: name)
    }
  }

  /// The parser's own account of all commands.
  private static var dump: String {
    do {
      _ = try Tophash.parseAsRoot(["--experimental-dump-help"])
      return ""
    } catch {
      return Tophash.message(for: error)
    }
  }

  private init(_ command: DumpedCommand, name: String, usage: String) {
    self.name = name
    self.usage = usage
    abstract = command.abstract ?? ""
    discussion = HelpBlock.blocks(of: command.discussion ?? "")
    arguments = (command.arguments ?? []).filter(\.shouldDisplay).map { argument in
      let value = "<\(argument.valueName ?? "")>"
      let names = (argument.names ?? []).map { ($0.kind == "short" ? "-" : "--") + $0.name }
      let term =
        switch argument.kind {
        case "positional": value
        case "flag": names.joined(separator: ", ")
        default: names.joined(separator: ", ") + " " + value
        }
      var text = argument.abstract ?? ""
      if let values = argument.allValues {
        text += " (values: \(values.joined(separator: ", ")))"
      }
      if let standard = argument.defaultValue { text += " (default: \(standard))" }
      return Argument(term: term, text: text)
    }
  }
}

/// A part of a command's description.
enum HelpBlock {
  case paragraph(String)
  case heading(String)
  /// Lines whose spaces matter.
  case table([String])

  /// Blocks are separated by empty lines; what is in capitals is a heading, and what is indented
  /// a table.
  static func blocks(of text: String) -> [HelpBlock] {
    text.split(separator: "\n\n").flatMap { part in
      var lines = part.split(separator: "\n").map(String.init)
      var blocks: [HelpBlock] = []
      if let first = lines.first, first == first.uppercased() {
        blocks.append(.heading(String(first.prefix(1)) + first.dropFirst().lowercased()))
        lines.removeFirst()
      }
      let table = lines.drop { !$0.hasPrefix("  ") }
      blocks += lines.prefix(lines.count - table.count).map { .paragraph($0) }
      if !table.isEmpty { blocks.append(.table(Array(table))) }
      return blocks
    }
  }
}

// MARK: - The parser's JSON, so far as it is used

private struct DumpedHelp: Decodable {
  var command: DumpedCommand
}

private struct DumpedCommand: Decodable {
  var commandName: String
  var shouldDisplay: Bool
  var abstract: String?
  var discussion: String?
  var arguments: [DumpedArgument]?
  var subcommands: [DumpedCommand]?
}

private struct DumpedArgument: Decodable {
  struct Name: Decodable {
    var kind: String
    var name: String
  }

  var kind: String
  var shouldDisplay: Bool
  var names: [Name]?
  var valueName: String?
  var abstract: String?
  var allValues: [String]?
  var defaultValue: String?
}
