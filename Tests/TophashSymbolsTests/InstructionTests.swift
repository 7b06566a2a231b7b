import Foundation
import Testing

@testable import TophashSymbols

@Suite struct InstructionTests {
  /// Bytes, and what they are.
  static let known: [(bytes: [UInt8], length: Int, isLocked: Bool, target: Int32?)] = [
    ([0x90], 1, false, nil),  // nop
    ([0x55], 1, false, nil),  // push rbp
    ([0x48, 0x89, 0xE5], 3, false, nil),  // mov rbp, rsp
    ([0x48, 0x8B, 0x45, 0xF0], 4, false, nil),  // mov rax, [rbp - 16]: F0 is no prefix here
    ([0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8], 10, false, nil),  // movabs rax
    ([0x66, 0xC7, 0x04, 0x24, 1, 0], 6, false, nil),  // mov word [rsp], 1
    ([0xF7, 0xC1, 1, 0, 0, 0], 6, false, nil),  // test ecx, 1
    ([0xF7, 0xD9], 2, false, nil),  // neg ecx
    ([0xE8, 0x10, 0, 0, 0], 5, false, 16),  // call
    ([0xE9, 0xFB, 0xFF, 0xFF, 0xFF], 5, false, -5),  // jmp
    ([0x0F, 0x84, 0x10, 0, 0, 0], 6, false, 16),  // je
    ([0xF0, 0x48, 0x0F, 0xB1, 0x0F], 5, true, nil),  // lock cmpxchg [rdi], rcx
    ([0xF0, 0x0F, 0xC1, 0x47, 0x10], 5, true, nil),  // lock xadd [rdi + 16], eax
    ([0x86, 0x07], 2, true, nil),  // xchg [rdi], al
    ([0x48, 0x87, 0xC1], 3, false, nil),  // xchg rcx, rax
    ([0xC5, 0xFC, 0x10, 0x07], 4, false, nil),  // vmovups ymm0, [rdi]
    ([0xC4, 0xE3, 0x7D, 0x19, 0xC1, 1], 6, false, nil),  // vextractf128
    ([0x66, 0x0F, 0x3A, 0x0F, 0xC1, 8], 6, false, nil),  // palignr
    ([0x0F, 0xAE, 0xF0], 3, true, nil),  // mfence
    ([0x0F, 0xAE, 0x18], 3, false, nil),  // stmxcsr [rax]
    ([0x66, 0x2E, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0], 10, false, nil),  // a long nop
  ]

  @Test(arguments: known.indices)
  func `an instruction is as long as it is`(index: Int) throws {
    let (bytes, length, isLocked, target) = Self.known[index]
    let instruction = try #require(Instruction(bytes + [0xCC, 0xCC], at: 0))
    #expect(instruction.length == length)
    #expect(instruction.isLocked == isLocked)
    #expect(instruction.target == target)
  }

  @Test func `what lies relative to the code is told`() throws {
    for (bytes, place) in [
      ([0x48, 0x8D, 0x05, 0x10, 0, 0, 0], 16),  // lea rax, [rip + 16]
      ([0x80, 0x3D, 0xFF, 0xFF, 0xFF, 0xFF, 1], -1),  // cmp byte [rip - 1], 1
      ([0x0F, 0xB6, 0x05, 0x20, 0, 0, 0], 32),  // movzx eax, byte [rip + 32]
      ([0x8A, 0x45, 0x05], nil),  // mov al, [rbp + 5]
    ] as [([UInt8], Int32?)] {
      let instruction = try #require(Instruction(bytes, at: 0))
      #expect(instruction.place == place)
      #expect(instruction.length == bytes.count)
    }
  }

  @Test(arguments: known.indices)
  func `an instruction that is cut off is none`(index: Int) {
    let bytes = Self.known[index].bytes
    for count in 0..<bytes.count { #expect(Instruction(Array(bytes.prefix(count)), at: 0) == nil) }
  }

  /// Each function of the running test program ends where its last instruction ends: decoding
  /// that lost its way would run past some of them.
  @Test func `functions of a real program fall into instructions`() throws {
    let path = try #require(
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let image = try ElfImage(path: path)
    var functions = 0
    var lost = 0
    for symbol in image.symbols where symbol.kind == .function && symbol.isDefined {
      guard symbol.size > 0, functions < 20_000,
        let code = image.read(at: symbol.value, count: Int(symbol.size))
      else { continue }
      functions += 1
      var position = 0
      while position < code.count, let next = Instruction(code, at: position) {
        position += next.length
      }
      if position != code.count { lost += 1 }
    }
    #expect(functions > 1_000)
    #expect(lost == 0)
  }
}
