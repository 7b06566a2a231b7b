extension Instruction {
  /// Where a direct call or jump goes.
  var branchTarget: UInt64? {
    switch (map, opcode) {
    case (.primary, 0xe8), (.primary, 0xe9), (.primary, 0xeb), (.primary, 0x70...0x7f),
      (.primary, 0xe0...0xe3):
      next &+ UInt64(bitPattern: immediate)
    case (.secondary, 0x80...0x8f) where !isVector: next &+ UInt64(bitPattern: immediate)
    default: nil
    }
  }

  var isCall: Bool {
    map == .primary && (opcode == 0xe8 || opcode == 0xff && extensionCode == 2)
  }

  /// No other processor comes between its load and its store: `lock`, and every exchange with
  /// memory.
  var isLocked: Bool {
    hasLock || map == .primary && (opcode == 0x86 || opcode == 0x87) && memory != nil
  }

  /// Where a direct jump goes, taken or not.
  var jumpTarget: UInt64? { isCall ? nil : branchTarget }

  var isIndirectJump: Bool { map == .primary && opcode == 0xff && extensionCode == 4 }

  /// Through a register: position-independent code computes the targets of a `switch` so.
  var isTableJump: Bool { isIndirectJump && memory == nil }

  /// Does nothing: it fills the space before a branch target.
  var isPadding: Bool {
    (map == .primary && opcode == 0x90) || (map == .secondary && opcode == 0x1f)
  }

  var isReturn: Bool { map == .primary && (opcode == 0xc3 || opcode == 0xc2) }

  /// Whether the instruction after it may come next.
  var fallsThrough: Bool {
    switch (map, opcode) {
    case (.primary, 0xe9), (.primary, 0xeb), (.primary, 0xc2), (.primary, 0xc3), (.primary, 0xcc),
      (.primary, 0xf4), (.secondary, 0x0b):
      isVector
    default: !isIndirectJump
    }
  }

  var endsBlock: Bool { jumpTarget != nil || !fallsThrough }

  /// False for those that only compute an address or do nothing with it.
  var touchesMemory: Bool {
    switch (map, opcode) {
    case (.primary, 0x8d), (.secondary, 0x0d), (.secondary, 0x18...0x1f): false
    default: !isCall && !isIndirectJump
    }
  }

  /// Whether the memory operand, if any, is written.
  var writesMemory: Bool {
    switch (map, opcode) {
    case (.primary, 0x00..<0x38): opcode & 7 < 2
    case (.primary, 0x80...0x83): extensionCode != 7
    case (.primary, 0x86...0x89), (.primary, 0x8f), (.primary, 0xc0), (.primary, 0xc1),
      (.primary, 0xc6), (.primary, 0xc7), (.primary, 0xd0...0xd3):
      true
    case (.primary, 0xf6), (.primary, 0xf7): extensionCode == 2 || extensionCode == 3
    case (.primary, 0xfe), (.primary, 0xff): extensionCode < 2
    case (.secondary, 0x90...0x9f), (.secondary, 0xab), (.secondary, 0xb0), (.secondary, 0xb1),
      (.secondary, 0xb3), (.secondary, 0xbb), (.secondary, 0xc0), (.secondary, 0xc1),
      (.secondary, 0xc7):
      !isVector
    default: writesVectorToMemory
    }
  }

  /// The stores of vector registers.
  var writesVectorToMemory: Bool {
    guard map == .secondary, memory != nil else { return false }
    switch opcode {
    case 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7: return true
    case 0x7e: return prefix != 0xf3
    default: return false
    }
  }
}
