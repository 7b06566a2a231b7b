#if arch(x86_64)
import Testing

@testable import TophashSymbols

@Suite struct UnwindingReaderTests {
  @Test(
    arguments: [
      ([0x00], 0), ([0x7f], 127), ([0x80, 0x01], 128), ([0xe5, 0x8e, 0x26], 624_485),
      ([0x80, 0x80, 0x00], 0),
      ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], .max),
    ] as [([UInt8], UInt64)])
  func `unsigned numbers of variable length`(bytes: [UInt8], value: UInt64) throws {
    var reader = CallFrameReader(Bytes(bytes), address: 0)
    #expect(try reader.readUnsigned() == value)
    #expect(reader.isAtEnd)
  }

  @Test(
    arguments: [
      ([0x00], 0), ([0x3f], 63), ([0x40], -64), ([0x7f], -1), ([0x80, 0x01], 128),
      ([0x80, 0x7f], -128), ([0x9b, 0xf1, 0x59], -624_485),
      ([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f], .min),
    ] as [([UInt8], Int64)])
  func `signed numbers of variable length`(bytes: [UInt8], value: Int64) throws {
    var reader = CallFrameReader(Bytes(bytes), address: 0)
    #expect(try reader.readSigned() == value)
    #expect(reader.isAtEnd)
  }

  @Test(
    arguments: [
      (0x00, [8, 7, 6, 5, 4, 3, 2, 1], 0x0102_0304_0506_0708),
      (0x01, [0x80, 0x01], 128),
      (0x02, [0xff, 0xff], 0xffff),
      (0x03, [0xff, 0xff, 0xff, 0xff], 0xffff_ffff),
      (0x04, [1, 0, 0, 0, 0, 0, 0, 0], 1),
      (0x09, [0x7f], .max),
      (0x0a, [0xfe, 0xff], .max - 1),
      (0x0b, [0xfe, 0xff, 0xff, 0xff], .max - 1),
      (0x0c, [1, 0, 0, 0, 0, 0, 0, 0], 1),
      (0x1b, [0xf0, 0xff, 0xff, 0xff], 0xff0),  // from the place of the number
      (0x3b, [0x10, 0, 0, 0], 0x2010),  // from the data
    ] as [(UInt8, [UInt8], UInt64)])
  func `addresses in every encoding`(encoding: UInt8, bytes: [UInt8], value: UInt64) throws {
    var reader = CallFrameReader(Bytes(bytes), address: 0x1000)
    let found = try reader.readPointer(PointerEncoding(rawValue: encoding), dataBase: 0x2000)
    #expect(found == value)
    #expect(reader.isAtEnd)

    var short = CallFrameReader(Bytes(bytes.dropLast()), address: 0x1000)
    #expect(throws: CallFrameError.malformed) {
      try short.readPointer(PointerEncoding(rawValue: encoding), dataBase: 0x2000)
    }
  }

  @Test func `the address of an address`() throws {
    let image = try ElfImage(path: UnwindingFixture.c.program.images[0].path)
    let range = try #require(image.addressRange)
    let place = range.lowerBound + 0x18
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: place >> (8 * $0)) }
    var reader = CallFrameReader(Bytes(bytes), address: 0)
    let target = try reader.readPointer(PointerEncoding(rawValue: 0x80), in: image)
    #expect(target == image.load(UInt64.self, at: place))
    #expect(target > 0)
  }

  @Test(arguments: [0x05, 0x0d, 0x20, 0x40, 0x50, 0x30] as [UInt8])
  func `unknown encodings are not guessed`(encoding: UInt8) {
    var reader = CallFrameReader(Bytes([UInt8](repeating: 1, count: 16)), address: 0)
    #expect(throws: CallFrameError.unsupported) {
      try reader.readPointer(PointerEncoding(rawValue: encoding))
    }
  }

  private static let registers = {
    var registers = Registers()
    registers[Registers.stackPointer] = 0x7000
    registers[Registers.framePointer] = 1 << 60 | 0x7008  // marked by an async function
    registers[Registers.programCounter] = 0x401b
    return registers
  }()
  private static let stack = StackCopy(
    start: 0x7000, bytes: [1, 0, 0, 0, 0, 0, 0, 0] + [9] + [UInt8](repeating: 0, count: 7))

  @Test(
    arguments: [
      // A procedure linkage table: eight bytes more in the last part of an entry.
      ([0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22], 0x7010),
      ([0x76, 0], 0x7008),
      ([0x76, 0, 0x06], 9),
      ([0x92, 7, 0x78], 0x6ff8),
      ([0x77, 0, 0x23, 0x80, 0x01], 0x7080),
      ([0x08, 0xff], 255), ([0x09, 0xff], .max), ([0x0a, 1, 1], 257), ([0x0b, 0xff, 0xff], .max),
      ([0x0c, 1, 0, 0, 0], 1), ([0x0d, 0xff, 0xff, 0xff, 0xff], .max),
      ([0x0e, 1, 0, 0, 0, 0, 0, 0, 0], 1), ([0x10, 0x80, 0x01], 128), ([0x11, 0x7f], .max),
      ([0x35, 0x12, 0x22], 10), ([0x35, 0x36, 0x13], 5), ([0x35, 0x1f], 0 &- 5),
      ([0x35, 0x20], ~5),
      ([0x37, 0x35, 0x1c], 2), ([0x37, 0x35, 0x1e], 35), ([0x31, 0x36, 0x21], 7),
      ([0x37, 0x32, 0x27], 5), ([0x38, 0x32, 0x25], 2), ([0x09, 0x80, 0x31, 0x26], 0 &- 64),
      ([0x31, 0x32, 0x29], 0), ([0x31, 0x32, 0x2b], 0), ([0x31, 0x32, 0x2c], 1),
      ([0x31, 0x32, 0x2d], 1), ([0x31, 0x32, 0x2e], 1), ([0x09, 0xff, 0x31, 0x2a], 0),
      // Unknown register, memory outside, nothing there, branch, unknown, cut off.
      ([0x70, 0], nil), ([0x77, 0x78, 0x06], nil), ([0x06], nil), ([0x22], nil), ([], nil),
      ([0x31, 0x2f, 0xfc, 0xff], nil), ([0xff], nil), ([0x0a, 1], nil), ([0x92, 17, 0], nil),
    ] as [([UInt8], UInt64?)])
  func `expressions`(operations: [UInt8], value: UInt64?) {
    let expression = CallFrameExpression(CallFrameReader(Bytes(operations), address: 0))
    #expect(expression.evaluate(registers: Self.registers, stack: Self.stack) == value)
  }

  @Test func `an expression starts with the frame's address and has limits`() {
    let deeper = CallFrameExpression(
      CallFrameReader(Bytes([UInt8](repeating: 0x12, count: 1000)), address: 0))
    #expect(
      deeper.evaluate(startingWith: 5, registers: Self.registers, stack: Self.stack) == nil)
    let nothing = CallFrameExpression(CallFrameReader(Bytes([]), address: 0))
    #expect(
      nothing.evaluate(startingWith: 5, registers: Self.registers, stack: Self.stack) == 5)
  }

  @Test func `words outside the copy of a stack are not there`() {
    let stack = Self.stack
    #expect(stack.word(at: 0x7000) == 1)
    #expect(stack.word(at: 0x7008) == 9)
    #expect(stack.word(at: 0x7001) == 9 << 56)
    for place in [0, 0x6fff, 0x7009, 0x7010, .max] as [UInt64] {
      #expect(stack.word(at: place) == nil)
    }
    #expect(StackCopy(start: 0, bytes: [1, 2, 3]).word(at: 0) == nil)
    #expect(StackCopy(start: .max, bytes: Array(repeating: 1, count: 16)).word(at: 0) == nil)
  }
}
#endif
