/// One instruction of x86-64 code, as far as finding synchronisation needs it: how long it is,
/// whether it locks the bus, where it calls, and which global it refers to.
///
/// Written from the tables of opcodes in the vendors' manuals; of operands only the length is
/// decoded, and the distance of those that lie relative to the code.
struct Instruction: Equatable {
  /// In bytes, with prefixes.
  var length: Int
  /// True with a `lock` prefix, and for what is as good: an exchange with memory, and a fence.
  var isLocked: Bool
  /// How far behind the instruction's end a call or a jump out of the function goes.
  var target: Int32?
  /// How far behind the instruction's end its operand in memory lies, if it is relative to that.
  var place: Int32?

  /// Decodes what starts at `position`; `nil` for what is no instruction, or is cut off.
  init?(_ code: [UInt8], at position: Int) {
    var reader = Reader(code: code, position: position)
    guard let decoded = reader.instruction() else { return nil }
    self = decoded
  }

  private init(length: Int, isLocked: Bool, target: Int32?, place: Int32?) {
    self.length = length
    self.isLocked = isLocked
    self.target = target
    self.place = place
  }

  private struct Reader {
    let code: [UInt8]
    var position: Int
    var place: Int32?

    private mutating func next() -> UInt8? {
      guard position < code.count else { return nil }
      defer { position += 1 }
      return code[position]
    }

    private mutating func skip(_ count: Int) -> Bool {
      position += count
      return position <= code.count
    }

    mutating func instruction() -> Instruction? {
      let start = position
      var hasLock = false
      var hasShortOperands = false
      var isWide = false
      guard var opcode = next() else { return nil }
      while Self.prefixes.contains(opcode) {
        hasLock = hasLock || opcode == 0xF0
        hasShortOperands = hasShortOperands || opcode == 0x66
        guard position - start < 15, let following = next() else { return nil }
        opcode = following
      }
      if opcode & 0xF0 == 0x40 {
        isWide = opcode & 8 != 0
        guard let following = next() else { return nil }
        opcode = following
      }

      var isOrdering = false
      var target: Int32?
      switch opcode {
      case 0x0F:
        // MFENCE: 0F AE with an operand that is no memory.
        let isFence =
          position + 1 < code.count && code[position] == 0xAE && code[position + 1] == 0xF0
        guard twoBytes(&target) else { return nil }
        isOrdering = isFence
      case 0xC5: guard skip(1), vector(map: 1) else { return nil }
      case 0xC4:
        guard let maps = next(), skip(1), vector(map: maps & 0x1F) else { return nil }
      case 0x62:
        guard let maps = next(), skip(2), vector(map: maps & 7) else { return nil }
      case 0xE8, 0xE9:
        guard let distance = distance() else { return nil }
        target = distance
      default:
        var immediate = Self.immediate(opcode, isWide: isWide, isShort: hasShortOperands)
        if Self.hasOperand(opcode) {
          guard let operand = operand() else { return nil }
          isOrdering = (opcode == 0x86 || opcode == 0x87) && operand.isMemory
          // TEST is the only one of its group that has an immediate operand.
          if opcode == 0xF6, operand.extension < 2 { immediate = 1 }
          if opcode == 0xF7, operand.extension < 2 { immediate = hasShortOperands ? 2 : 4 }
        }
        guard skip(immediate) else { return nil }
      }
      return Instruction(
        length: position - start, isLocked: hasLock || isOrdering, target: target, place: place)
    }

    /// What follows the byte 0F.
    private mutating func twoBytes(_ target: inout Int32?) -> Bool {
      guard let opcode = next() else { return false }
      switch opcode {
      case 0x38: return skip(1) && operand() != nil
      case 0x3A: return skip(1) && operand() != nil && skip(1)
      case 0x80...0x8F:
        guard let distance = distance() else { return false }
        target = distance
        return true
      case 0x05...0x09, 0x0B, 0x0E, 0x30...0x37, 0x77, 0xA0...0xA2, 0xA8...0xAA, 0xC8...0xCF:
        return true
      default:
        return operand() != nil && skip(Self.twoByteImmediates.contains(opcode) ? 1 : 0)
      }
    }

    /// What follows the prefixes of vector instructions.
    private mutating func vector(map: UInt8) -> Bool {
      guard let opcode = next() else { return false }
      if map == 1, opcode == 0x77 { return true }
      let hasImmediate = map == 3 || (map == 1 && Self.twoByteImmediates.contains(opcode))
      return operand() != nil && skip(hasImmediate ? 1 : 0)
    }

    private mutating func distance() -> Int32? {
      let start = position
      guard skip(4) else { return nil }
      return code[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int32($1) }
    }

    /// The operand byte, with what belongs to an address.
    private mutating func operand() -> (isMemory: Bool, extension: UInt8)? {
      guard let byte = next() else { return nil }
      let (mode, register) = (byte >> 6, byte & 7)
      var displacement = [0, 1, 4, 0][Int(mode)]
      if mode != 3 {
        if register == 4 {
          guard let scaled = next() else { return nil }
          if mode == 0, scaled & 7 == 5 { displacement = 4 }
        }
      }
      if mode == 0, register == 5 {
        // Relative to the instruction's end, which immediates may move on.
        guard let distance = distance() else { return nil }
        place = distance
        return (true, byte >> 3 & 7)
      }
      return skip(displacement) ? (mode != 3, byte >> 3 & 7) : nil
    }

    private static let prefixes: Set<UInt8> = [
      0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3,
    ]

    private static let twoByteImmediates: Set<UInt8> = [
      0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6,
    ]

    private static func hasOperand(_ opcode: UInt8) -> Bool {
      switch opcode {
      case 0x00...0x3F: opcode & 7 < 4
      case 0x63, 0x69, 0x6B, 0x80...0x8F, 0xC0, 0xC1, 0xC6, 0xC7, 0xD0...0xD3, 0xD8...0xDF, 0xF6,
        0xF7, 0xFE, 0xFF:
        true
      default: false
      }
    }

    private static func immediate(_ opcode: UInt8, isWide: Bool, isShort: Bool) -> Int {
      let full = isShort ? 2 : 4
      return switch opcode {
      case 0x00...0x3F where opcode & 7 == 4: 1
      case 0x00...0x3F where opcode & 7 == 5: full
      case 0x68, 0x69, 0x81, 0xA9, 0xC7: full
      case 0x6A, 0x6B, 0x70...0x7F, 0x80, 0x83, 0xA8, 0xB0...0xB7, 0xC0, 0xC1, 0xC6, 0xCD,
        0xE0...0xE7, 0xEB:
        1
      case 0xA0...0xA3: 8
      case 0xB8...0xBF: isWide ? 8 : full
      case 0xC2: 2
      case 0xC8: 3
      default: 0
      }
    }
  }
}
