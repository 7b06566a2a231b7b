import CTophashProtocol
import Testing
import TophashTestSupport

@testable import TophashFindings

/// What the probe writes of watched variables, read back.
@Suite struct WatchFileTests {
  /// A file with two hits of one owner, at two stacks.
  private static func file(
    magic: UInt64 = TOPHASH_WATCH_MAGIC, version: UInt32 = TOPHASH_PROTOCOL_VERSION
  ) -> [UInt8] {
    let owners = Int(TOPHASH_HEADER_BYTES)
    let stacks = owners + Int(TOPHASH_WATCH_OWNERS) * MemoryLayout<tophash_watch_owner>.stride
    let hits = stacks + Int(TOPHASH_WATCH_STACKS) * MemoryLayout<tophash_watch_stack>.stride
    var bytes = [UInt8](repeating: 0, count: hits + 3 * MemoryLayout<tophash_hit>.stride)
    func put<Value>(_ value: Value, at position: Int) {
      withUnsafeBytes(of: value) { bytes.replaceSubrange(position..<position + $0.count, with: $0) }
    }
    var header = tophash_watch_header()
    header.magic = magic
    header.version = version
    header.state = TOPHASH_WATCH_ARMED.rawValue
    header.hits = 3
    header.counted = 3
    header.objects.1 = 7
    put(header, at: 0)
    var owner = tophash_watch_owner()
    (owner.key, owner.is_complete, owner.tid, owner.task, owner.task_id) = (1, 1, 42, 0x7000, 5)
    put(owner, at: owners + 3 * MemoryLayout<tophash_watch_owner>.stride)
    for index in [1, 2] {
      var stack = tophash_watch_stack()
      (stack.key, stack.is_complete, stack.frame_count) = (1, 1, 2)
      (stack.frames.0, stack.frames.1) = (UInt64(0x1000 * index), 0x9000)
      put(stack, at: stacks + index * MemoryLayout<tophash_watch_stack>.stride)
      var hit = tophash_hit()
      (hit.time_ns, hit.before, hit.after) = (UInt64(100 - index), 1, 2)
      (hit.owner, hit.stack, hit.target, hit.object) = (3, UInt32(index), 1, 1)
      hit.flags = TOPHASH_HIT_COMPLETE.rawValue | TOPHASH_HIT_FIRST.rawValue
      put(hit, at: hits + (index - 1) * MemoryLayout<tophash_hit>.stride)
    }
    return bytes
  }

  @Test func `hits come in the order of time, with who and where`() throws {
    let file = try WatchFile(bytes: Self.file())
    #expect(file.state == .armed)
    #expect(file.objects == [0, 7, 0, 0])
    // The third was claimed, and never written: its process was killed.
    #expect(file.hits.map(\.time) == [98, 99])
    #expect(file.hits.map(\.place.stack) == [2, 1])
    #expect(file.hits[0].flags == .first)
    let side = try #require(file.places[file.hits[0].place])
    #expect(side.frames == [0x2000, 0x9000])
    #expect(side.flags.contains(.task))
    #expect(side.taskID == 5)
    #expect(side.threadID == 42)
  }

  @Test func `what is no such file is told`() {
    #expect(throws: EventFileError.notAnEventFile) { try WatchFile(bytes: Self.file(magic: 1)) }
    #expect(throws: EventFileError.incomplete) { try WatchFile(bytes: Self.file(magic: 0)) }
    #expect(throws: EventFileError.otherVersion(99)) {
      try WatchFile(bytes: Self.file(version: 99))
    }
  }

  @Test func `damage never crashes`() {
    let file = Self.file()
    for bytes in mutations(of: file, in: 0..<file.count, seeds: 0..<100) {
      _ = try? WatchFile(bytes: bytes)
    }
    for bytes in mutations(of: file, in: 0..<256, seeds: 0..<300) {
      _ = try? WatchFile(bytes: bytes)
    }
  }
}
