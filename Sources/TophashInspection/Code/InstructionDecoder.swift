/// Takes machine code apart, one instruction after the other.
///
/// Knows every encoding's length in 64-bit mode, after the opcode maps of the processor manuals,
/// and the operands of those that move addresses. What it does not know ends the decoding, so
/// that nothing is read into the bytes that follow.
struct InstructionDecoder {
  let code: [UInt8]
  let address: UInt64
  private(set) var position = 0

  init(code: [UInt8], address: UInt64) {
    self.code = code
    self.address = address
  }

  /// The next instruction; `nil` at the end, and at bytes that are none.
  mutating func next() -> Instruction? {
    var reader = Reader(code: code, position: position)
    guard var instruction = Self.decode(&reader) else { return nil }
    instruction.address = address &+ UInt64(position)
    instruction.length = reader.position - position
    guard instruction.length <= 15 else { return nil }
    position = reader.position
    return instruction
  }

  private struct Reader {
    let code: [UInt8]
    var position: Int

    var peek: UInt8? { position < code.count ? code[position] : nil }

    mutating func byte() -> UInt8? {
      guard position < code.count else { return nil }
      position += 1
      return code[position - 1]
    }

    /// A little-endian integer of `count` bytes, sign-extended.
    mutating func integer(_ count: Int) -> Int64? {
      guard count > 0 else { return 0 }
      guard position + count <= code.count else { return nil }
      var value: UInt64 = 0
      for index in 0..<count { value |= UInt64(code[position + index]) << UInt64(8 * index) }
      position += count
      let unused = UInt64(64 - 8 * count)
      return Int64(bitPattern: value << unused) >> Int64(unused)
    }
  }

  private struct Prefixes {
    var operandSize = false
    var addressSize = false
    var lock = false
    var repetition: UInt8 = 0
    var rex: UInt8 = 0
  }

  private static func decode(_ reader: inout Reader) -> Instruction? {
    var prefixes = Prefixes()
    var opcode: UInt8
    repeat {
      guard let byte = reader.byte() else { return nil }
      opcode = byte
      switch byte {
      case 0x66: prefixes.operandSize = true
      case 0x67: prefixes.addressSize = true
      case 0xf2, 0xf3: prefixes.repetition = byte
      case 0xf0: prefixes.lock = true
      case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65: break
      default:
        guard byte & 0xf0 == 0x40 else { return instruction(opcode, prefixes, &reader) }
        // REX counts only right before the opcode.
        prefixes.rex = byte
        guard let byte = reader.byte() else { return nil }
        opcode = byte
        return instruction(opcode, prefixes, &reader)
      }
    } while true
  }

  private static func instruction(
    _ first: UInt8, _ prefixes: Prefixes, _ reader: inout Reader
  ) -> Instruction? {
    var instruction = Instruction(
      address: 0, length: 0, map: .primary, opcode: first,
      width: prefixes.rex & 8 != 0 ? 8 : prefixes.operandSize ? 2 : 4,
      prefix: prefixes.repetition != 0 ? prefixes.repetition : prefixes.operandSize ? 0x66 : 0,
      isVector: false, extra: 0, hasModRM: false, reg: 0, rm: 0, memory: nil, immediate: 0,
      hasLock: prefixes.lock)
    var rex = prefixes.rex
    switch first {
    case 0xc4, 0xc5, 0x62:
      guard vectorPrefix(first, &instruction, &rex, &reader) else { return nil }
    case 0x0f:
      guard var opcode = reader.byte() else { return nil }
      instruction.map = .secondary
      if opcode == 0x38 || opcode == 0x3a {
        instruction.map = opcode == 0x38 ? .secondary38 : .secondary3A
        guard let byte = reader.byte() else { return nil }
        opcode = byte
      }
      instruction.opcode = opcode
    default: break
    }
    guard isKnown(instruction) else { return nil }
    instruction.hasModRM = hasModRM(instruction)
    if instruction.hasModRM {
      guard operands(&instruction, rex, &reader) else { return nil }
    } else if rex & 1 != 0 {
      instruction.rm = 8
    }
    let size = immediateSize(instruction, prefixes, rex)
    guard let immediate = reader.integer(size) else { return nil }
    instruction.immediate = immediate
    if instruction.map == .primary, instruction.opcode == 0xc8 {
      // `enter` has a second immediate.
      guard reader.byte() != nil else { return nil }
    }
    return instruction
  }

  /// VEX in two or three bytes, EVEX in four: map, registers and mandatory prefix in one.
  private static func vectorPrefix(
    _ first: UInt8, _ instruction: inout Instruction, _ rex: inout UInt8, _ reader: inout Reader
  ) -> Bool {
    guard rex == 0, let one = reader.byte() else { return false }
    var map: UInt8 = 1
    var last = one
    // The register bits are stored inverted.
    rex = one & 0x80 == 0 ? 4 : 0
    if first != 0xc5 {
      guard let two = reader.byte() else { return false }
      rex |= (one & 0x40 == 0 ? 2 : 0) | (one & 0x20 == 0 ? 1 : 0)
      map = one & (first == 0x62 ? 7 : 31)
      last = two
      if two & 0x80 != 0 { rex |= 8 }
      if first == 0x62, reader.byte() == nil { return false }
    }
    instruction.extra = ~(last >> 3) & 15
    instruction.prefix = [0, 0x66, 0xf3, 0xf2][Int(last & 3)]
    instruction.isVector = true
    if rex & 8 != 0 { instruction.width = 8 }
    switch map {
    case 1: instruction.map = .secondary
    case 2: instruction.map = .secondary38
    case 3: instruction.map = .secondary3A
    default: return false
    }
    guard let opcode = reader.byte() else { return false }
    instruction.opcode = opcode
    return true
  }

  /// ModRM, SIB and displacement.
  private static func operands(
    _ instruction: inout Instruction, _ rex: UInt8, _ reader: inout Reader
  ) -> Bool {
    guard let modRM = reader.byte() else { return false }
    let mode = modRM >> 6
    instruction.reg = (modRM >> 3 & 7) | (rex & 4) << 1
    instruction.rm = (modRM & 7) | (rex & 1) << 3
    if mode == 3 { return true }
    var memory = Instruction.Memory(
      base: instruction.rm, hasIndex: false, isRelative: false, displacement: 0)
    var size = mode == 1 ? 1 : mode == 2 ? 4 : 0
    if modRM & 7 == 4 {
      guard let scaled = reader.byte() else { return false }
      let index = (scaled >> 3 & 7) | (rex & 2) << 2
      memory.hasIndex = index != Register.rsp
      memory.base = (scaled & 7) | (rex & 1) << 3
      if scaled & 7 == 5, mode == 0 {
        memory.base = nil
        size = 4
      }
    } else if modRM & 7 == 5, mode == 0 {
      memory.base = nil
      memory.isRelative = true
      size = 4
    }
    guard let displacement = reader.integer(size) else { return false }
    memory.displacement = displacement
    instruction.memory = memory
    return true
  }
}

// MARK: - The opcode maps

extension InstructionDecoder {
  /// False for what 64-bit mode does not have.
  private static func isKnown(_ instruction: Instruction) -> Bool {
    guard instruction.map == .primary else { return true }
    switch instruction.opcode {
    case 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a,
      0xce, 0xd4, 0xd5, 0xd6, 0xea:
      return false
    default: return true
    }
  }

  private static func hasModRM(_ instruction: Instruction) -> Bool {
    let opcode = instruction.opcode
    switch instruction.map {
    case .primary:
      switch opcode {
      case 0x00..<0x40: return opcode & 7 < 4
      case 0x63, 0x69, 0x6b, 0x80...0x8f, 0xc0, 0xc1, 0xc6, 0xc7, 0xd0...0xd3, 0xd8...0xdf, 0xf6,
        0xf7, 0xfe, 0xff:
        return true
      default: return false
      }
    case .secondary:
      switch opcode {
      case 0x05...0x09, 0x0b, 0x0e, 0x30...0x37, 0x77, 0x80...0x8f, 0xa0...0xa2, 0xa8...0xaa,
        0xc8...0xcf:
        return false
      default: return true
      }
    case .secondary38, .secondary3A: return true
    }
  }

  private static func immediateSize(
    _ instruction: Instruction, _ prefixes: Prefixes, _ rex: UInt8
  ) -> Int {
    let opcode = instruction.opcode
    let word = instruction.width == 2 ? 2 : 4
    switch instruction.map {
    case .secondary3A: return 1
    case .secondary38: return 0
    case .secondary:
      switch opcode {
      case 0x80...0x8f: return instruction.isVector ? 0 : 4
      case 0x0f, 0x70...0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6: return 1
      default: return 0
      }
    case .primary:
      switch opcode {
      case 0x00..<0x40: return opcode & 7 == 4 ? 1 : opcode & 7 == 5 ? word : 0
      case 0x68, 0x69, 0x81, 0xa9, 0xc7: return word
      case 0xe8, 0xe9: return 4
      case 0x6a, 0x6b, 0x70...0x7f, 0x80, 0x83, 0xa8, 0xb0...0xb7, 0xc0, 0xc1, 0xc6, 0xcd,
        0xe0...0xe7, 0xeb:
        return 1
      case 0xa0...0xa3: return prefixes.addressSize ? 4 : 8
      case 0xb8...0xbf: return rex & 8 != 0 ? 8 : word
      case 0xc2, 0xca, 0xc8: return 2
      case 0xf6: return instruction.extensionCode < 2 ? 1 : 0
      case 0xf7: return instruction.extensionCode < 2 ? word : 0
      default: return 0
      }
    }
  }
}
