import ArgumentParser

/// A command whose words end in a program and its arguments.
protocol ProgramCommand: ParsableCommand {
  var program: [String] { get set }

  /// The names of its long options, to suggest one for a mistyped one.
  static var optionNames: [String] { get }
}

extension ProgramCommand {
  /// Program and arguments, without the `--` before them.
  var words: [String] {
    program.first == "--" ? Array(program.dropFirst()) : program
  }

  /// What follows the known options is the program's, also where it looks like an option; but at
  /// its beginning it is a mistake, or a call for help.
  func checkProgram() throws {
    switch program.first {
    case "-h", "--help": throw CleanExit.helpRequest(self)
    case "--version": throw CleanExit.message(Tophash.configuration.version)
    case let first? where first.hasPrefix("-") && first != "--":
      let name = first.drop { $0 == "-" }.prefix { $0 != "=" }
      guard let nearest = Suggestion.nearest(to: String(name), among: Self.optionNames) else {
        throw ValidationError(
          "Unknown option '\(first)'. Write '--' before a program whose name starts so")
      }
      throw ValidationError("Unknown option '\(first)'. Did you mean '--\(nearest)'?")
    default: break
    }
  }
}
