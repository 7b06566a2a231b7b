import TophashSymbols

/// Turns a process's recorded addresses into words. Tests put a table of words in its place.
package protocol Interpreter {
  /// The frames at each address, innermost first; more than one where code was inlined.
  func frames(at addresses: [UInt64]) -> [UInt64: [Frame]]

  /// A side's whole stack, innermost first, as far as it can be told.
  func stack(of side: Conflict.Side) -> [UInt64]

  /// The variable at `address`, from memory that the probe copied when it was open.
  func variable(at address: UInt64, snapshot: [UInt8]) -> Variable

  /// What can be told of a variable whose storage is the object at `address`.
  func storage(at address: UInt64, snapshot: [UInt8]) -> Variable

  /// Whether the functions of a stack may order accesses to a variable without a call that the
  /// probe could see.
  func mayOrder(_ stack: [Frame], accessing variable: Variable) -> Bool

  /// The test that a frame is in; `nil` when it is in none.
  func test(of frame: Frame) -> String?
}

extension Interpreter {
  package func mayOrder(_ stack: [Frame], accessing variable: Variable) -> Bool { false }

  package func test(of frame: Frame) -> String? { nil }

  /// What the frame pointers told the probe.
  package func stack(of side: Conflict.Side) -> [UInt64] { side.frames }
}
