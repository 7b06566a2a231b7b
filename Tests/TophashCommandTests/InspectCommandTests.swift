import Foundation
import Testing
import TophashTestSupport

/// The built `tophash inspect`, on the bundled example and on what is no Swift program.
@Suite struct InspectCommandTests {
  @Test func `the bundled example`() throws {
    let example = BuiltTool.directory + "/Inventory"
    let run = try BuiltTool.run(["inspect", example])
    #expect(run.end == .exited(0))
    #expect(run.errors.isEmpty)
    #expect(run.output.contains("Inventory.stock : [String: Int]"))
    #expect(run.output.contains("tracked: accesses that overlap are caught"))
  }

  @Test func `JSON goes to a file`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    let example = BuiltTool.directory + "/Inventory"
    let run = try BuiltTool.run(
      ["inspect", "--reporter", "json", "--output", file.path, example])
    #expect(run.end == .exited(0))
    #expect(run.output.isEmpty)
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    #expect(object?["schema"] as? String == "tophash-inspection/1")
  }

  @Test func `a folder is said to be one`() throws {
    let run = try BuiltTool.run(["inspect", "/"])
    #expect(
      run.errors == "tophash: error: '/' is a directory; name a program or library in it\n")
  }

  @Test(arguments: [
    (["inspect", "./no-such-binary"], 127), (["inspect", "/bin/sh"], 126),
    (["inspect", "/etc/passwd"], 126), (["inspect", "/"], 126), (["inspect"], 64),
    (["inspect", "--reporter", "xml", "/bin/sh"], 64),
    (["inspect", "--output", "/no/such/folder/x", "INVENTORY"], 70),
  ])
  func `what cannot be done has its own status`(arguments: [String], status: Int) throws {
    let example = BuiltTool.directory + "/Inventory"
    let run = try BuiltTool.run(arguments.map { $0 == "INVENTORY" ? example : $0 })
    #expect(run.end == .exited(Int32(status)))
    #expect(run.output.isEmpty)
    if status != 64 {
      #expect(run.errors.hasPrefix("tophash: error: "))
      #expect(run.errors.split(separator: "\n").count == 1)
    }
  }
}
