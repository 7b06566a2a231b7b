import TophashFindings
import TophashSymbols

/// Reads a process's images to turn its addresses into words.
struct SymbolInterpreter: Interpreter {
  private let symbolizer: Symbolizer
  private let namer: VariableNamer
  private let unwinder: Unwinder
  private let hiddenOrder: HiddenOrder
  private let tests: TestFunctions

  /// - Parameters:
  ///   - tool: path of an `llvm-symbolizer`; `nil` to do without.
  ///   - cache: Opened images, to share between processes that have ended.
  init(images: [LoadedImage], tool: String?, cache: ElfImageCache = ElfImageCache()) {
    symbolizer = Symbolizer(images: images, toolPath: tool, cache: cache)
    namer = VariableNamer(images: images, cache: cache)
    unwinder = Unwinder(images: images, cache: cache)
    hiddenOrder = HiddenOrder(images: images, cache: cache)
    tests = TestFunctions(images: images, cache: cache)
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

  func mayOrder(_ stack: [Frame], accessing variable: Variable) -> Bool {
    hiddenOrder.mayOrder(stack, accessing: variable)
  }

  func test(of frame: Frame) -> String? { tests.test(of: frame) }

  func variable(at address: UInt64, snapshot: [UInt8]) -> Variable {
    namer.variable(at: address, snapshot: snapshot)
  }

  func storage(at address: UInt64, snapshot: [UInt8]) -> Variable {
    namer.storage(at: address, snapshot: snapshot)
  }
}
