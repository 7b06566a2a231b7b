/// How reading code ended.
enum CodeReading {
  case whole
  /// Whoever reads had seen enough.
  case stopped
  /// At bytes that are no instruction: what follows them cannot be told.
  case undecodable
}

extension ElfImage {
  /// Gives the instructions of a stretch of code to `body`, with the address of each, until it says
  /// true. Of addresses that are not in the file there are none.
  func readCode(
    _ range: Range<UInt64>, _ body: (_ address: UInt64, Instruction) -> Bool
  ) -> CodeReading {
    guard let code = read(at: range.lowerBound, count: range.count) else { return .whole }
    return Self.read(code, at: range.lowerBound, body)
  }

  /// The same for code that was read before.
  static func read(
    _ code: [UInt8], at start: UInt64, _ body: (_ address: UInt64, Instruction) -> Bool
  ) -> CodeReading {
    var position = 0
    while position < code.count {
      guard let instruction = Instruction(code, at: position) else { return .undecodable }
      if body(start &+ UInt64(position), instruction) { return .stopped }
      position += instruction.length
    }
    return .whole
  }
}

extension Instruction {
  /// Where a call or a jump out of the function goes, if the instruction is at `address`.
  func targetAddress(from address: UInt64) -> UInt64? { target.map { absolute($0, from: address) } }

  /// Where its operand in memory lies.
  func placeAddress(from address: UInt64) -> UInt64? { place.map { absolute($0, from: address) } }

  private func absolute(_ distance: Int32, from address: UInt64) -> UInt64 {
    address &+ UInt64(length) &+ UInt64(bitPattern: Int64(distance))
  }
}
