import TophashSymbols

@testable import TophashFindings

/// An interpreter that looks words up in tables.
struct WordTable: Interpreter {
  var functions: [UInt64: [Frame]] = [:]
  var variables: [UInt64: Variable] = [:]
  /// Functions that may order accesses unseen.
  var atomicFunctions: Set<String> = []

  func frames(at addresses: [UInt64]) -> [UInt64: [Frame]] {
    functions.filter { addresses.contains($0.key) }
  }

  func variable(at address: UInt64, snapshot: [UInt8]) -> Variable {
    variables[address]
      ?? Variable(kind: .unknown, module: nil, name: "unknown variable", type: nil)
  }

  func storage(at address: UInt64, snapshot: [UInt8]) -> Variable {
    Variable(kind: .storage, module: nil, name: "storage", type: "[Int]")
  }

  func mayOrder(_ stack: [Frame], accessing variable: Variable) -> Bool {
    stack.contains { atomicFunctions.contains($0.function) }
  }

  static let stock = Variable(
    kind: .classProperty, module: "Warehouse", name: "Inventory.stock", type: "[String: Int]",
    qualifiedType: "Swift.Dictionary<Swift.String, Swift.Int>")
}

extension Frame {
  /// A frame of the program; of a library when `image` names one.
  static func of(
    _ function: String, line: Int? = nil, offset: UInt64 = 0x10, module: String? = "Warehouse",
    image: String = "/shop/.build/debug/Warehouse", isThunk: Bool = false,
    isMerged: Bool = false
  ) -> Frame {
    Frame(
      address: offset, image: image, offset: offset, symbol: nil, function: function,
      module: module,
      location: line.map {
        SourceLocation(file: "/shop/Sources/Inventory.swift", line: $0, column: 9)
      },
      isInlined: false, isThunk: isThunk, isMerged: isMerged)
  }

  static let dispatch = Frame.of(
    "_dispatch_worker_thread", module: nil, image: "/usr/lib/swift/linux/libdispatch.so")
}
