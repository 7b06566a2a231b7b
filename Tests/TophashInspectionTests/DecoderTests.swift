import Foundation
import Testing
import TophashSymbols
import TophashTestSupport

@testable import TophashInspection

@Suite struct DecoderTests {
  /// Instructions that each need another rule, and the length of each.
  @Test(
    arguments: [
      ([0x90], 1), ([0xc3], 1), ([0x55], 1), ([0x41, 0x57], 2),
      ([0x48, 0x89, 0xe5], 3), ([0x48, 0x8b, 0x05, 1, 2, 3, 4], 7),
      ([0x8b, 0x04, 0x25, 1, 2, 3, 4], 7),
      ([0x48, 0x8b, 0x44, 0x24, 8], 5), ([0x48, 0x8b, 0x84, 0x24, 1, 2, 3, 4], 8),
      ([0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8], 10), ([0xb8, 1, 2, 3, 4], 5), ([0x66, 0xb8, 1, 2], 4),
      ([0x48, 0x81, 0xec, 1, 2, 3, 4], 7), ([0x66, 0x81, 0xf9, 1, 2], 5), ([0x83, 0xf8, 1], 3),
      ([0xf6, 0x45, 0xff, 1], 4), ([0xf6, 0x5d, 0xff], 3), ([0xf7, 0xc1, 1, 2, 3, 4], 6),
      ([0xe8, 1, 2, 3, 4], 5), ([0x66, 0x66, 0x48, 0xe8, 1, 2, 3, 4], 8),
      ([0x0f, 0x84, 1, 2, 3, 4], 6),
      ([0x74, 1], 2), ([0x0f, 0xba, 0xe5, 60], 4), ([0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8], 6),
      ([0x66, 0x0f, 0x38, 0x00, 0xc1], 5), ([0xc5, 0xf8, 0x77], 3), ([0xc5, 0xfe, 0x6f, 0x07], 4),
      ([0xc4, 0xe2, 0xf1, 0xf7, 0xc2], 5), ([0xc4, 0xe3, 0x7d, 0x39, 0xc1, 1], 6),
      ([0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x07], 6), ([0xf0, 0x48, 0x0f, 0xb1, 0x0f], 5),
      ([0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0], 10), ([0xc8, 1, 2, 3], 4), ([0xc2, 1, 2], 3),
      ([0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0], 9), ([0x0f, 0x0b], 2),
      ([0xf3, 0x0f, 0x1e, 0xfa], 4),
    ] as [([UInt8], Int)])
  func `an instruction has the length that the manual gives it`(code: [UInt8], length: Int) {
    var decoder = InstructionDecoder(code: code + [0x90, 0x90], address: 0x1000)
    let whole = decoder.next()
    #expect(whole?.length == length)
    var cut = InstructionDecoder(code: Array(code.dropLast()), address: 0x1000)
    let part = cut.next()
    #expect(part?.length != length)
  }

  @Test(arguments: [[0x06], [0x60], [0x9a], [0xd4], [0xea], [0x62], [0x0f]] as [[UInt8]])
  func `what is no instruction ends the code`(code: [UInt8]) {
    var decoder = InstructionDecoder(code: code, address: 0)
    let next = decoder.next()
    #expect(next == nil)
    #expect(decoder.position == 0)
  }

  @Test func `operands of an addition of an offset`() throws {
    var decoder = InstructionDecoder(code: [0x4c, 0x8d, 0x7d, 0xf0], address: 0x40)
    let next = decoder.next()
    let instruction = try #require(next)
    let memory = try #require(instruction.memory)
    #expect(instruction.reg == 15)
    #expect(memory.base == Register.rbp)
    #expect(memory.displacement == -16)
    #expect(instruction.next == 0x44)
  }

  @Test func `any bytes are decoded without leaving them`() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<20_000 {
      let code = (0..<Int.random(in: 0..<24, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      var decoder = InstructionDecoder(code: code, address: 0)
      var end = 0
      while let instruction = decoder.next() {
        #expect(instruction.length > 0 && instruction.length <= 15)
        end += instruction.length
      }
      #expect(end == decoder.position && end <= code.count)
    }
  }

  /// The toolchain's disassembler sees instructions begin at the same places.
  @Test(
    .enabled(if: Tool.path("llvm-objdump") != nil),
    arguments: ["libswift_Concurrency.so", "libdispatch.so", "libswiftSynchronization.so"])
  func `instructions of real libraries begin where the disassembler says`(library: String) throws {
    let path = try Tool.run(["swiftc", "-print-target-info"])
    let info = try #require(
      try JSONSerialization.jsonObject(with: Data(path.utf8)) as? [String: Any])
    let paths = try #require(info["paths"] as? [String: Any])
    let directory = try #require((paths["runtimeLibraryPaths"] as? [String])?.first)
    let file = "\(directory)/\(library)"
    let image = try ElfImage(path: file)
    let text = try Tool.run(["llvm-objdump", "-d", "--no-show-raw-insn", file])
    var starts: Set<UInt64> = []
    var bad: Set<UInt64> = []
    var isPrefix = false
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard line.first == " ", parts.count == 2,
        let address = UInt64(parts[0].trimmingCharacters(in: .whitespaces), radix: 16)
      else { continue }
      // It writes some prefixes on lines of their own.
      if !isPrefix { starts.insert(address) }
      isPrefix = ["lock", "rep", "repne", "data16"].contains(
        parts[1].trimmingCharacters(in: .whitespaces))
      if parts[1].contains("<unknown>") { bad.insert(address) }
    }
    var compared = 0
    for function in image.functions {
      guard let code = image.read(at: function.range.lowerBound, count: function.range.count),
        starts.contains(function.range.lowerBound), !bad.contains(where: function.range.contains)
      else { continue }
      var decoder = InstructionDecoder(code: code, address: function.range.lowerBound)
      var own: Set<UInt64> = []
      while let instruction = decoder.next() { own.insert(instruction.address) }
      let expected = Set(function.range.lazy.filter { starts.contains($0) })
      let first = own.symmetricDifference(expected).min().map { String($0, radix: 16) }
      #expect(first == nil, "in \(function.symbol ?? "")")
      compared += own.count
    }
    #expect(compared > 1000)
  }
}
