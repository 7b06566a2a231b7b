import Foundation
import Testing

@testable import TophashFindings

@Suite struct TrapFileTests {
  private static let add = Trap.Key(image: "shop", symbol: "$s4Shop3addyyF", call: 0)
  private static let take = Trap.Key(image: "shop", symbol: "$s4Shop4takeyyF", call: 1)

  private static func lesson(
    _ key: Trap.Key, holds: UInt32 = 2, caught: UInt32 = 0
  ) -> TrapFile.Lesson {
    TrapFile.Lesson(
      key: key, buildID: "ab12",
      visit: SiteVisit(
        address: 0x1000, holdTime: 300_000, holds: holds, nearMisses: 5, caught: caught,
        heldNanoseconds: 700_000))
  }

  private static func learned(_ lessons: [TrapFile.Lesson]) -> TrapFile {
    var file = TrapFile()
    file.learn(lessons)
    return file
  }

  @Test func `the whole text, one trap a line and sorted`() {
    let file = Self.learned([Self.lesson(Self.take, caught: 1), Self.lesson(Self.add)])
    #expect(
      file.text == """
        {
          "schema": "tophash-traps/1",
          "traps": [
            {"buildID":"ab12","call":0,"caught":0,"heldMicroseconds":700,"holdMicroseconds":300,"holds":2,"image":"shop","nearMisses":5,"quietRuns":1,"symbol":"$s4Shop3addyyF"},
            {"buildID":"ab12","call":1,"caught":1,"heldMicroseconds":700,"holdMicroseconds":300,"holds":2,"image":"shop","nearMisses":5,"quietRuns":0,"symbol":"$s4Shop4takeyyF"}
          ]
        }

        """)
  }

  @Test func `what was written is read`() throws {
    for file in [TrapFile(), Self.learned([Self.lesson(Self.add)])] {
      #expect(try TrapFile(text: file.text) == file)
    }
  }

  @Test func `runs add up`() throws {
    var file = Self.learned([Self.lesson(Self.add)])
    file.learn([Self.lesson(Self.add, holds: 3, caught: 2)])
    let trap = try #require(file.traps[Self.add])
    #expect(trap.holds == 5)
    #expect(trap.caught == 2)
    #expect(trap.nearMisses == 10)
    #expect(trap.heldMicroseconds == 1400)
    #expect(trap.quietRuns == 0)
  }

  @Test func `a trap that holds in vain is given up, and a catch gives it time again`() {
    var file = Self.learned([Self.lesson(Self.add)])
    for run in 2...Trap.patience {
      file.learn([Self.lesson(Self.add)])
      #expect(file.traps[Self.add]?.quietRuns == run)
    }
    var caught = file
    caught.learn([Self.lesson(Self.add, caught: 1)])
    #expect(caught.traps[Self.add]?.quietRuns == 0)
    file.learn([Self.lesson(Self.add)])
    #expect(file.traps[Self.add] == nil)
  }

  @Test func `a run that did not come there changes nothing`() {
    var file = Self.learned([Self.lesson(Self.add)])
    let before = file
    file.learn([Self.lesson(Self.add, holds: 0)].filter { $0.visit.holds > 0 })
    #expect(file == before)
    file.learn([
      TrapFile.Lesson(key: Self.take, buildID: "", visit: SiteVisit(address: 1))
    ])
    #expect(file == before)
  }

  @Test func `empty text holds no traps`() throws {
    #expect(try TrapFile(text: "") == TrapFile())
    #expect(try TrapFile(text: " \n") == TrapFile())
  }

  @Test func `a text that was cut anywhere is damaged`() {
    let text = Self.learned([Self.lesson(Self.add), Self.lesson(Self.take)]).text
    for length in 1..<text.count - 2 {
      #expect(throws: TrapFile.Failure.damaged) { try TrapFile(text: String(text.prefix(length))) }
    }
  }

  @Test func `another version is told from damage`() {
    #expect(throws: TrapFile.Failure.otherVersion("tophash-traps/9")) {
      try TrapFile(text: #"{"schema": "tophash-traps/9", "traps": {}}"#)
    }
    for text in ["[]", "{}", #"{"schema": 1}"#, "<<<<<<< ours", #"{"schema": "tophash-traps/1"}"#] {
      #expect(throws: TrapFile.Failure.damaged) { try TrapFile(text: text) }
    }
  }
}

@Suite struct TrapStoreTests {
  private let folder = FileManager.default.temporaryDirectory.appending(
    path: "tophash-traps-\(UUID())")
  private var store: TrapStore { TrapStore(path: folder.appending(path: "a/traps.json").path) }

  private func lesson(_ call: UInt64) -> TrapFile.Lesson {
    TrapFile.Lesson(
      key: Trap.Key(image: "shop", symbol: "$s", call: call), buildID: "",
      visit: SiteVisit(address: 1, holdTime: 1000, holds: 1, caught: 1))
  }

  private func put(_ text: String) throws {
    try FileManager.default.createDirectory(
      at: folder.appending(path: "a"), withIntermediateDirectories: true)
    try text.write(toFile: store.path, atomically: true, encoding: .utf8)
  }

  @Test func `without a file there are no traps, and the first update makes it`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try store.read() == TrapFile())
    try store.update { $0.learn([lesson(1)]) }
    #expect(try store.read().traps.count == 1)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: folder.appending(path: "a").path)
    #expect(names == ["traps.json"])
  }

  @Test(arguments: ["", "{\"schema\": \"tophash-tr", "<<<<<<< HEAD\n", "import Foundation\n"])
  func `a damaged file is replaced, and not lost`(text: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try put(text)
    try store.update { $0.learn([lesson(1)]) }
    #expect(try store.read().traps.count == 1)
    let kept = try? String(contentsOfFile: store.damagedPath, encoding: .utf8)
    #expect(kept == (text.isEmpty ? nil : text))
  }

  /// A device is neither read to its end, which may never come, nor replaced by a file.
  @Test func `what is no regular file is left alone`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let pipe = TrapStore(path: folder.appending(path: "pipe").path)
    #expect(mkfifo(pipe.path, 0o600) == 0)
    for store in [pipe, TrapStore(path: folder.path)] {
      #expect(throws: TrapStore.Problem.notAFile) { try store.read() }
      #expect(throws: TrapStore.Problem.notAFile) { try store.update { $0.learn([lesson(1)]) } }
    }
    var status = stat()
    #expect(stat(pipe.path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test func `a file of another version stays as it is`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = #"{"schema": "tophash-traps/2"}"#
    try put(text)
    #expect(throws: TrapStore.Problem.otherVersion("tophash-traps/2")) {
      try store.update { $0.learn([lesson(1)]) }
    }
    #expect(try String(contentsOfFile: store.path, encoding: .utf8) == text)
  }

  @Test func `a place that cannot be written is said`() throws {
    #expect(throws: TrapStore.Problem.notWritten(ENOTDIR)) {
      try TrapStore(path: "/etc/passwd/traps.json").update { $0.learn([lesson(1)]) }
    }
    #expect(throws: TrapStore.Problem.self) {
      try TrapStore(path: "/proc/traps.json").update { $0.learn([lesson(1)]) }
    }
  }

  /// Every writer adds to what is there: no lesson is lost, and no reader sees a torn file.
  @Test func `many writers at once`() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = store
    try store.update { $0.learn([lesson(99)]) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          for _ in 0..<25 {
            try store.update { $0.learn([self.lesson(0), self.lesson(UInt64(1 + writer))]) }
            _ = try store.read()
          }
        }
      }
      try await group.waitForAll()
    }
    let traps = try store.read().traps.values.sorted { $0.call < $1.call }
    #expect(traps.map(\.holds) == [200] + Array(repeating: 25, count: 8) + [1])
  }
}
