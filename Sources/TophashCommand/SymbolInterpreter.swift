import TophashFindings
import TophashSymbols

/// Reads a process's images to turn its addresses into words.
struct SymbolInterpreter: Interpreter {
  private let symbolizer: Symbolizer
  private let namer: VariableNamer

  /// - Parameter tool: path of an `llvm-symbolizer`; `nil` to do without.
  init(images: [LoadedImage], tool: String?) {
    symbolizer = Symbolizer(images: images, toolPath: tool)
    namer = VariableNamer(images: images)
  }

  func frames(at addresses: [UInt64]) -> [UInt64: [Frame]] {
    symbolizer.frames(at: addresses)
  }

  func variable(at address: UInt64, snapshot: [UInt8]) -> Variable {
    namer.variable(at: address, snapshot: snapshot)
  }
}
