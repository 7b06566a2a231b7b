import Testing
import TophashTestSupport

@testable import TophashTrace

@Suite struct ProtobufTests {
  @Test func `the examples of the wire format's description come out as they stand there`() {
    var message = ProtobufMessage()
    message.add(UInt64(150), field: 1)
    #expect(message.bytes == [0x08, 0x96, 0x01])

    var text = ProtobufMessage()
    text.add("testing", field: 2)
    #expect(text.bytes == [0x12, 0x07] + Array("testing".utf8))

    var outer = ProtobufMessage()
    outer.add(message, field: 3)
    #expect(outer.bytes == [0x1a, 0x03, 0x08, 0x96, 0x01])

    var packed = ProtobufMessage()
    packed.addPacked([3, 270, 86942], field: 6)
    #expect(packed.bytes == [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05])
  }

  @Test func `a negative number takes ten bytes`() {
    var message = ProtobufMessage()
    message.add(Int64(-2), field: 1)
    #expect(message.bytes == [0x08, 0xfe] + [UInt8](repeating: 0xff, count: 8) + [0x01])
  }

  @Test func `zero is left out unless it is asked for`() {
    var message = ProtobufMessage()
    message.add(UInt64(0), field: 1)
    message.addPacked([], field: 2)
    #expect(message.bytes.isEmpty)
    message.addAlways(0, field: 1)
    #expect(message.bytes == [0x08, 0])
  }

  @Test func `whatever was written is read back`() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let fields = (0..<20).map { _ in
        (
          Int.random(in: 1...5000, using: &random),
          random.next() >> UInt64.random(in: 0...63, using: &random)
        )
      }
      var message = ProtobufMessage()
      for (field, value) in fields { message.addAlways(value, field: field) }
      let read = ReadMessage(message.bytes)
      #expect(read.fields.map(\.number) == fields.map(\.0))
      #expect(read.fields.map(\.value) == fields.map(\.1))
    }
  }
}

@Suite struct GzipTests {
  @Test func `the checksum is that of the standard`() {
    #expect(Gzip.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Gzip.checksum([]) == 0)
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 200_000])
  func `gzip reads it, however many blocks it takes`(size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let directory = try TemporaryDirectory()
    let file = try directory.write("data.gz", bytes: Gzip.stored(bytes))
    try Tool.run("gzip", "-d", file)
    #expect(TophashTestSupport.bytes(of: "\(directory.path)/data") == bytes)
  }
}
