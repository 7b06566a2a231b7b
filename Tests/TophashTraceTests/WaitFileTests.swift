import CTophashCore
import CTophashProtocol
import Testing
import TophashFindings
import TophashTestSupport

@testable import TophashTrace

@Suite struct WaitFileTests {
  private func filled() -> WaitMemory {
    let memory = WaitMemory()
    memory.waits.header.pointee.sees_actors = 1
    let (place, _) = memory.place(.barrier, [0x10, 0x20])
    let wait = memory.waits.waits + Int(place)
    withUnsafeMutableBytes(of: &wait.pointee.label) { $0.copyBytes(from: "cache".utf8) }
    wait.pointee.async_count = 1
    wait.pointee.async_frames.0 = 0x30
    wait.pointee.stack_pointer = 0x7000
    wait.pointee.stack_size = 2
    wait.pointee.stack.0 = 8
    memory.complete(place)
    memory.add(place, 40)
    _ = memory.begin(1, place, at: 1000)
    return memory
  }

  @Test func `everything that the probe wrote is read`() throws {
    let file = try WaitFile(bytes: filled().bytes)
    #expect(file.seesActors)
    let (slot, place) = try #require(file.places.first)
    #expect(
      place
        == WaitFile.Place(
          kind: .barrier, count: 1, total: 40, longest: 40, label: "cache", metadata: 0,
          frames: [0x10, 0x20], asyncFrames: [0x30], stackPointer: 0x7000, framePointer: 0,
          stack: [8, 0]))
    #expect(file.waiting == [WaitFile.Waiting(since: 1000, place: slot)])
  }

  @Test func `what is no wait file, or of another version, is told`() throws {
    #expect(throws: EventFileError.truncated(needed: 8, found: 0)) { try WaitFile(bytes: []) }
    #expect(throws: EventFileError.incomplete) {
      try WaitFile(bytes: [UInt8](repeating: 0, count: 4096))
    }
    #expect(throws: EventFileError.notAnEventFile) {
      try WaitFile(bytes: [UInt8](repeating: 7, count: 4096))
    }
    let memory = filled()
    memory.waits.header.pointee.version = 99
    #expect(throws: EventFileError.otherVersion(99)) { try WaitFile(bytes: memory.bytes) }
  }

  @Test func `damaged bytes are an error or other numbers, but no crash`() {
    let bytes = filled().bytes
    let start = bytes.firstIndex { $0 == UInt8(ascii: "c") } ?? 0
    for range in [0..<48, max(0, start - 64)..<(start + 400)] {
      for damaged in mutations(of: bytes, in: range, seeds: 0..<24) {
        _ = try? WaitFile(bytes: damaged)
      }
    }
  }
}
