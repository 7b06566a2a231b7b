import TophashSymbols

/// The announced accesses of each function, in the order of its code: a name for a site that
/// outlives small changes of the program.
package final class AccessCalls {
  /// A site without its address.
  package struct Name: Hashable, Sendable {
    /// The function's mangled name.
    package var symbol: String
    /// Which of the announcements in it, from 0.
    package var call: Int

    package init(symbol: String, call: Int) {
      self.symbol = symbol
      self.call = call
    }
  }

  private let code: CodeImage
  private var starts: [String: Range<UInt64>] = [:]
  private var known: [UInt64: [UInt64]] = [:]

  package init(_ image: ElfImage) {
    code = CodeImage(image)
    for function in code.functions {
      if let symbol = function.symbol { starts[symbol] = function.range }
    }
  }

  /// The name of the site whose call returns to `address` in the file; `nil` without symbols.
  package func name(of address: UInt64) -> Name? {
    guard let symbol = code.image.symbol(containing: address &- 1)?.name,
      let range = starts[symbol], let call = returns(in: range).firstIndex(of: address)
    else { return nil }
    return Name(symbol: symbol, call: call)
  }

  /// Where the call of that name returns to; `nil` when the program has it no more.
  package func address(of name: Name) -> UInt64? {
    guard let range = starts[name.symbol] else { return nil }
    let returns = returns(in: range)
    return returns.indices.contains(name.call) ? returns[name.call] : nil
  }

  private func returns(in range: Range<UInt64>) -> [UInt64] {
    if let known = known[range.lowerBound] { return known }
    var returns: [UInt64] = []
    var decoder = InstructionDecoder(code: code.code(range) ?? [], address: range.lowerBound)
    while let instruction = decoder.next() {
      if instruction.isCall, let target = instruction.branchTarget,
        code.target(at: target) == .symbol(Runtime.beginAccess)
      {
        returns.append(instruction.next)
      }
    }
    known[range.lowerBound] = returns
    return returns
  }
}
