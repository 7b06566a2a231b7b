import CTophashProtocol
import Testing
import TophashTestSupport

@testable import TophashFindings

@Suite struct EventFileTests {
  @Test func `everything that the probe wrote is read`() throws {
    var fixture = EventFileFixture()
    fixture.end = 99
    fixture.counters = [(10, 1), (20, 3)]
    fixture.locks = [0, 0x5000, 0x6000]
    fixture.images = [("/bin/a", 0x1000, 0x1000, 0x2000)]
    fixture.visits = [
      SiteVisit(address: 0x1040),
      SiteVisit(
        address: 0x1020, isShared: true, holdTime: 9, holds: 3, nearMisses: 7, caught: 2,
        heldNanoseconds: 1),
    ]
    fixture.change = {
      $0.conflicts_seen = 7
      $0.conflicts_dropped = 6
      $0.accesses_dropped = 5
      $0.near_misses = 4
      $0.traps_armed = 3
      $0.holds = 2
      $0.held_ns = 1
      $0.threads_seen = 8
    }
    var open = EventFileFixture.Side.task(7, "restock", frames: [0x1001, 0x1100])
    open.flags |= TOPHASH_SIDE_HELD.rawValue | TOPHASH_SIDE_SUSPENDED.rawValue
    open.asyncFrames = [0x1200, 0x1300]
    open.stack = Array(0..<200)
    open.queueLabel = "com.example.work"
    var begun = EventFileFixture.Side()
    (begun.threadID, begun.threadName) = (77, "worker")
    fixture.conflicts = [
      EventFileFixture.Conflict(
        address: 0x7008, repeats: 11, open: open, begun: begun.reading(), snapshot: [1, 2, 3])
    ]

    let file = try fixture.parsed()
    let header = file.header
    #expect(header.state == .watching)
    #expect(header.hooks == .patched)
    #expect(header.pid == 4242)
    #expect(header.parent == 4200)
    #expect(header.start == 1)
    #expect(header.end == 99)
    #expect(header.program == "/shop/.build/debug/Warehouse")
    #expect(header.arguments == ["Warehouse", "--fast"])
    #expect(file.accesses == AccessCounts(tracked: 30, instantaneous: 4))
    #expect(file.locks == [0x5000, 0x6000])
    #expect(file.images.map(\.path) == ["/bin/a"])
    #expect(file.images.map(\.range) == [0x1000..<0x2000])
    #expect(file.visits == fixture.visits.reversed())
    let work = header.work
    #expect(
      [
        work.conflictsSeen, work.conflictsDropped, work.accessesDropped, work.nearMisses,
        work.trapsArmed, work.holds, work.heldNanoseconds, work.threads,
      ] == [7, 6, 5, 4, 3, 2, 1, 8])

    let conflict = try #require(file.conflicts.first)
    #expect(conflict.address == 0x7008)
    #expect(conflict.repeats == 11)
    #expect(conflict.snapshot == [1, 2, 3])
    #expect(conflict.open.flags == [.modify, .task, .held, .stable, .suspended])
    #expect(conflict.open.taskID == 7)
    #expect(conflict.open.taskName == "restock")
    #expect(conflict.open.queueLabel == "com.example.work")
    #expect(conflict.open.frames == [0x1001, 0x1100])
    #expect(conflict.open.asyncFrames == [0x1200, 0x1300])
    #expect(conflict.open.stack == Array(0..<200))
    #expect(conflict.open.stackPointer == 0x7fff_0000)
    #expect(conflict.begun.flags == .stable)
    #expect(conflict.begun.taskID == nil)
    #expect(conflict.begun.threadID == 77)
    #expect(conflict.begun.threadName == "worker")
  }

  @Test func `a file without its magic number is incomplete or foreign`() {
    var fixture = EventFileFixture()
    fixture.magic = 0
    #expect(throws: EventFileError.incomplete) { try fixture.parsed() }
    fixture.magic = 1
    #expect(throws: EventFileError.notAnEventFile) { try fixture.parsed() }
  }

  @Test func `a file of another version is not read`() {
    var fixture = EventFileFixture()
    fixture.version = 99
    #expect(throws: EventFileError.otherVersion(99)) { try fixture.parsed() }
  }

  @Test func `an empty file is truncated`() {
    #expect(throws: EventFileError.truncated(needed: 8, found: 0)) { try EventFile(bytes: []) }
  }

  @Test func `a refusal keeps its reason`() throws {
    var fixture = EventFileFixture()
    fixture.state = TOPHASH_STATE_REFUSED.rawValue
    let reasons: [(UInt32, EventHeader.Refusal)] = [
      (TOPHASH_REFUSAL_UNKNOWN_RUNTIME.rawValue, .unknownRuntime),
      (TOPHASH_REFUSAL_SANITIZER.rawValue, .sanitizer),
      (TOPHASH_REFUSAL_NO_HOOK.rawValue, .noHook),
      (77, .unknownReason),
    ]
    for (code, refusal) in reasons {
      fixture.refusal = code
      #expect(try fixture.parsed().header.state == .refused(refusal))
    }
  }

  @Test(arguments: [0, 1] as [UInt32])
  func `a conflict that is still being written is left out`(state: UInt32) throws {
    var fixture = EventFileFixture()
    fixture.conflicts = [.init(state: state, address: 1), .init(address: 2)]
    let file = try fixture.parsed()
    #expect(file.conflicts.map(\.address) == [2])
    #expect(file.conflicts.map(\.slot) == [1])
  }

  @Test func `counts beyond what the protocol holds are cut`() throws {
    var fixture = EventFileFixture()
    fixture.conflicts = [.init()]
    fixture.conflicts[0].open.frames = Array(1...UInt64(TOPHASH_FRAMES))
    fixture.change = {
      $0.image_count = .max
      $0.conflict_count = .max
    }
    var bytes = fixture.bytes
    let file = try EventFile(bytes: bytes)
    #expect(file.conflicts.count == 1)

    // The stack's own length, too.
    let count =
      Int(file.header.layout.conflicts) + MemoryLayout<tophash_conflict>.offset(of: \.sides)!
      + MemoryLayout<tophash_side>.offset(of: \.frame_count)!
    for index in 0..<4 { bytes[count + index] = 0xff }
    #expect(try EventFile(bytes: bytes).conflicts[0].open.frames.count == Int(TOPHASH_FRAMES))
  }

  @Test func `an image that is not filled in yet is left out`() throws {
    var fixture = EventFileFixture()
    fixture.images = [("/bin/a", 0, 0, 0), ("/bin/b", 0, 5, 9), ("/bin/c", 0, 9, 5)]
    #expect(try fixture.parsed().images.map(\.path) == ["/bin/b"])
  }

  @Test func `the verdict lies in the conflict's own slot`() throws {
    var fixture = EventFileFixture()
    fixture.conflicts = [.init(), .init()]
    let header = try fixture.parsed().header
    let offset = Conflict.verdictOffset(slot: 1, in: header)
    #expect(offset == header.layout.conflicts + MemoryLayout<tophash_conflict>.stride + 4)
  }

  @Test func `a file that ends anywhere gives an error, or what was there`() {
    var fixture = EventFileFixture()
    fixture.conflicts = [.init()]
    fixture.images = [("/bin/a", 0, 5, 9)]
    let bytes = fixture.bytes
    var random = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let length = Int.random(in: 0..<bytes.count, using: &random)
      do throws(EventFileError) {
        let file = try EventFile(bytes: Array(bytes.prefix(length)))
        #expect(file.conflicts.count <= 1)
      } catch {
        guard case .truncated(let needed, let found) = error else {
          Issue.record("\(error) at \(length)")
          continue
        }
        #expect(found == length)
        #expect(needed > length)
      }
    }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `damaged bytes do not stop the reader`(seed: UInt64) {
    var fixture = EventFileFixture()
    fixture.conflicts = [.init(), .init(snapshot: Array(repeating: 7, count: 300))]
    fixture.images = [("/bin/a", 0, 5, 9)]
    fixture.counters = [(.max, .max), (.max, 1)]
    let bytes = fixture.bytes
    let conflicts =
      bytes.count - Int(TOPHASH_CONFLICTS) * MemoryLayout<tophash_conflict>.stride
    let interesting =
      Array(0..<400) + Array(4096..<4160) + Array(conflicts..<(conflicts + 1000))
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...24, using: &random) {
        // The magic and the version stay, or nothing else would be read.
        let place = interesting.randomElement(using: &random)!
        if place >= 12 { damaged[place] = .random(in: 0...255, using: &random) }
      }
      if let file = try? EventFile(bytes: damaged) {
        var judge = Judge()
        judge.add(file, interpreter: WordTable())
        #expect(judge.report.count <= file.conflicts.count)
        #expect(Coverage([file]).processes == 1)
      }
    }
  }
}
