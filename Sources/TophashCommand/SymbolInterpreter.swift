import TophashFindings
import TophashSymbols

/// Reads a process's images to turn its addresses into words.
struct SymbolInterpreter: Interpreter {
  private let symbolizer: Symbolizer
  private let namer: VariableNamer
  private let unwinder: Unwinder
  private let hiddenOrder: HiddenOrder

  /// - Parameter tool: path of an `llvm-symbolizer`; `nil` to do without.
  init(images: [LoadedImage], tool: String?) {
    symbolizer = Symbolizer(images: images, toolPath: tool)
    namer = VariableNamer(images: images)
    unwinder = Unwinder(images: images)
    hiddenOrder = HiddenOrder(images: images)
  }

  func frames(at addresses: [UInt64]) -> [UInt64: [Frame]] {
    symbolizer.frames(at: addresses)
  }

  func stack(of side: Conflict.Side) -> [UInt64] {
    guard !side.stack.isEmpty else { return side.frames }
    return unwinder.stack(
      framePointerWalk: side.frames, stackPointer: side.stackPointer,
      framePointer: side.framePointer, stack: side.stack)
  }

  func mayOrder(_ stack: [Frame]) -> Bool { hiddenOrder.mayOrder(stack) }

  func variable(at address: UInt64, snapshot: [UInt8]) -> Variable {
    namer.variable(at: address, snapshot: snapshot)
  }
}
