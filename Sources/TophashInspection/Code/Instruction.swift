/// One x86-64 instruction, as far as following addresses needs it.
struct Instruction {
  /// The group that the opcode belongs to.
  enum Map: UInt8 {
    case primary, secondary, secondary38, secondary3A
  }

  /// An operand in memory: base + index × scale + displacement.
  struct Memory {
    /// `nil` without a base register.
    var base: UInt8?
    var hasIndex: Bool
    /// Relative to the next instruction.
    var isRelative: Bool
    var displacement: Int64
  }

  var address: UInt64
  var length: Int
  var map: Map
  var opcode: UInt8
  /// 8 with REX.W, 2 with the operand-size prefix, else 4. Byte operations say so by their opcode.
  var width: UInt8
  /// The mandatory prefix: 0x66, 0xf2, 0xf3 or 0.
  var prefix: UInt8
  /// Encoded by VEX or EVEX.
  var isVector: Bool
  /// The additional register of VEX.
  var extra: UInt8
  var hasModRM: Bool
  /// The register field, or the part of the opcode that is kept there.
  var reg: UInt8
  /// The register operand; meaningful when there is no memory operand.
  var rm: UInt8
  var memory: Memory?
  /// Sign-extended.
  var immediate: Int64
  /// With the `lock` prefix.
  var hasLock = false

  var next: UInt64 { address &+ UInt64(length) }

  /// The opcode's extension: the register field without REX.
  var extensionCode: UInt8 { reg & 7 }
}

/// Numbers of the registers with a role, as instructions encode them.
enum Register {
  static let rax: UInt8 = 0
  static let rcx: UInt8 = 1
  static let rdx: UInt8 = 2
  static let rsp: UInt8 = 4
  static let rbp: UInt8 = 5
  static let rsi: UInt8 = 6
  static let rdi: UInt8 = 7
  static let r8: UInt8 = 8
  static let r9: UInt8 = 9
  static let r10: UInt8 = 10
  static let r11: UInt8 = 11
  /// Swift's error result.
  static let r12: UInt8 = 12
  /// Swift's `self`, or a closure's context.
  static let r13: UInt8 = 13
  /// Swift's asynchronous context.
  static let r14: UInt8 = 14

  /// Those that carry arguments, in order.
  static let arguments: [UInt8] = [rdi, rsi, rdx, rcx, r8, r9]
}
