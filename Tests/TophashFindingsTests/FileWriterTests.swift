import Foundation
import Testing
import TophashTestSupport

@testable import TophashFindings

/// Files that are replaced, and never lost.
@Suite struct FileWriterTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    stat(path, &status)
    return status.st_mode & 0o7777
  }

  @Test func `a new file is written whole, and nothing else is left`() throws {
    let path = folder.path + "/new"
    try FileWriter.check(path)
    #expect(folder.files == [])
    try FileWriter.replace(path, with: String(repeating: "line\n", count: 50_000))
    #expect(text(of: path).utf8.count == 250_000)
    #expect(folder.files == ["new"])
  }

  @Test func `until it is complete, the old text stays`() throws {
    let path = try folder.write("report", "old")
    do {
      let writer = try FileWriter(replacing: path)
      writer.write(String(repeating: "new", count: 100_000))
      #expect(text(of: path) == "old")
      // Given up without an end.
    }
    #expect(text(of: path) == "old")
    #expect(folder.files == ["report"])
  }

  @Test func `the file keeps its mode, and a link stays a link`() throws {
    let path = try folder.write("report", "old", mode: 0o640)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link", withDestinationPath: "report")
    try FileWriter.replace(folder.path + "/link", with: "new")
    #expect(text(of: path) == "new")
    #expect(mode(path) == 0o640)
    #expect(folder.files == ["link", "report"])
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == "report")
  }

  @Test(arguments: [("", ENOENT), ("/no/such/folder/x", ENOENT), ("/", EISDIR)])
  func `what cannot be written is told before`(path: String, code: Int32) {
    #expect(throws: FileWriter.Failure(code: code)) { try FileWriter.check(path) }
    #expect(throws: FileWriter.Failure(code: code)) { try FileWriter.replace(path, with: "x") }
  }

  @Test func `a device is written as it is`() throws {
    try FileWriter.replace("/dev/null", with: "x")
    #expect(throws: FileWriter.Failure(code: ENOSPC)) {
      try FileWriter.replace("/dev/full", with: "x")
    }
  }

  @Test func `what belongs to others is added to`() throws {
    let path = try folder.write("summary", "theirs\n")
    let writer = try FileWriter(appendingTo: path)
    writer.write("ours\n")
    try writer.finish()
    #expect(text(of: path) == "theirs\nours\n")
  }
}
