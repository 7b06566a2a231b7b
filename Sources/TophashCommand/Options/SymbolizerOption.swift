import ArgumentParser
import TophashSymbols

/// The option `--symbolizer` of commands that name lines.
struct SymbolizerOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The llvm-symbolizer to use.", valueName: "path"), completion: .file())
  var symbolizer: String?

  /// The path of the one that was named, or else of one that is there; `nil` to do without.
  func path(in environment: [String: String]) -> String? {
    symbolizer ?? SymbolizerTool.find(in: environment)?.path
  }
}
