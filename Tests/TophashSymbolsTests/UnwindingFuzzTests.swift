#if arch(x86_64)
import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

/// Damaged input must not crash or hang, whatever comes out.
@Suite struct UnwindingFuzzTests {
  /// A program's file and the part of it that describes call frames.
  private struct Target {
    var path: String
    var bytes: [UInt8]
    var frames: Range<Int>

    init() throws {
      path = try UnwindingFixture.c.program.images[0].path
      let image = try ElfImage(path: path)
      bytes = image.bytes.array
      let sections = try [".eh_frame_hdr", ".eh_frame"].map {
        try #require(image.section(named: $0))
      }
      frames =
        Int(sections.map(\.offset).min()!)..<Int(sections.map { $0.offset + $0.size }.max()!)
    }
  }

  @Test func `tables`() throws {
    let target = try Target()
    let whole = try #require(CallFrameTable(ElfImage(path: target.path)))
    let places = whole.entries.map { $0.range.lowerBound + 5 }
    #expect(places.count > 20)
    var rows = 0
    for bytes in mutations(of: target.bytes, in: target.frames, seeds: 0..<600) {
      guard let image = try? ElfImage(path: target.path, bytes: Bytes(bytes)),
        let table = CallFrameTable(image)
      else { continue }
      for place in places {
        guard let entry = table.entry(containing: place) else { continue }
        #expect(entry.range.contains(place))
        if (try? entry.row(at: place)) != nil { rows += 1 }
      }
      for entry in table.entries where !entry.range.isEmpty {
        if (try? entry.row(at: entry.range.upperBound - 1)) != nil { rows += 1 }
      }
    }
    #expect(rows > 10_000)
  }

  @Test func `programs of random instructions`() throws {
    let target = try Target()
    let table = try #require(CallFrameTable(ElfImage(path: target.path)))
    var entry = try #require(table.entries.max { $0.range.count < $1.range.count })
    var rows = 0
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let codes = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        // Mostly small codes and small operands, so that many programs are valid.
        UInt8.random(in: 0...(Bool.random(using: &random) ? 0x17 : 0xff), using: &random)
      }
      entry.instructions = CallFrameReader(Bytes(codes), address: 0)
      guard let row = try? entry.row(at: entry.range.upperBound - 1) else { continue }
      rows += 1
      #expect(row.rules.count == Registers.count)
    }
    #expect(rows > 100)
  }

  @Test func `expressions`() {
    var registers = Registers()
    for register in 0..<Registers.count { registers[register] = UInt64(register) << 4 }
    let stack = StackCopy(start: 0, bytes: Array(0...255))
    var values = 0
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let codes = (0..<Int.random(in: 1...30, using: &random)).map { _ in
        UInt8.random(in: 0...0x92, using: &random)
      }
      let expression = CallFrameExpression(CallFrameReader(Bytes(codes), address: 0))
      if expression.evaluate(startingWith: seed, registers: registers, stack: stack) != nil {
        values += 1
      }
    }
    #expect(values > 100)
  }

  @Test func `stacks and registers`() throws {
    let program = try UnwindingFixture.c.program
    let unwinder = Unwinder(images: program.images)
    let recording = try #require(program.recordings(named: "depth-24").first)
    let whole = recording.unwind(with: unwinder)
    var callers = 0
    for stack in mutations(
      of: recording.stack, in: 0..<recording.stack.count, seeds: 0..<600)
    {
      var damaged = recording
      damaged.stack = stack
      let found = damaged.unwind(with: unwinder)
      #expect(found.count <= Unwinder.maximumFrames)
      callers += found.count
    }
    #expect(callers > whole.count)

    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      func number() -> UInt64 {
        let near = [0, recording.stackPointer, recording.framePointer, .max] + whole
        return near.randomElement(using: &random)!
          &+ UInt64.random(in: 0...(Bool.random(using: &random) ? 16 : .max), using: &random)
      }
      let walk = [number(), number(), number()]
      let found = unwinder.stack(
        framePointerWalk: walk, stackPointer: number(), framePointer: number(),
        stack: Array(recording.stack.prefix(Int.random(in: 0...2000, using: &random))))
      #expect(found.first == walk.first)
      #expect(found.count <= Unwinder.maximumFrames + walk.count)
    }
  }

  @Test func `files behind a stack`() throws {
    let target = try Target()
    let program = try UnwindingFixture.c.program
    let recording = try #require(program.recordings(named: "depth-24").first)
    let path = Fixture.directory.appending(path: "unwinding-damaged").path
    var callers = 0
    for bytes in mutations(of: target.bytes, in: target.frames, seeds: 0..<200) {
      try Data(bytes).write(to: URL(filePath: path))
      var images = program.images
      images[0].path = path
      callers += recording.unwind(with: Unwinder(images: images)).count
    }
    #expect(callers > recording.callers.count)
  }
}
#endif
