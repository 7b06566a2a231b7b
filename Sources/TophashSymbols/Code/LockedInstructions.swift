extension ElfImage {
  /// The addresses of the image's own instructions that lock the bus: what `Mutex` and `Atomic`
  /// are compiled to, but for plain loads and stores.
  ///
  /// Without those of a runtime that is linked in. A function with bytes that are no instruction
  /// has none: what follows them cannot be told. O(size of the code).
  package var lockedInstructions: [UInt64] {
    functions.filter { !Self.isRuntime($0.symbol) }.flatMap(lockedInstructions)
  }

  private func lockedInstructions(of function: ElfFunction) -> [UInt64] {
    let size = function.range.upperBound - function.range.lowerBound
    guard size < 1 << 24, let code = read(at: function.range.lowerBound, count: Int(size)),
      code.contains(where: { $0 == 0xF0 || $0 == 0x86 || $0 == 0x87 })
    else { return [] }
    var found: [UInt64] = []
    let reading = Self.read(code, at: function.range.lowerBound) { address, instruction in
      if instruction.isLocked { found.append(address) }
      return false
    }
    return reading == .whole ? found : []
  }

  private static func isRuntime(_ symbol: String?) -> Bool {
    guard let symbol else { return false }
    return ["swift_", "_swift_", "_ZN5swift", "_ZNK5swift", "_dispatch", "dispatch_"]
      .contains { symbol.hasPrefix($0) }
  }
}
