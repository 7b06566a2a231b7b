import Foundation
import Testing
import TophashTestSupport

/// `tophash watch` of single entries of a `FailFastDictionary`, on a release build.
@Suite(.enabled(if: WatchedProgram.hasWatchpoints, "the machine lends no watchpoints"))
struct WatchEntryTests {
  private func watch(_ options: [String], _ scenario: String) throws -> (
    run: Command.Result, variables: [JSONValue]
  ) {
    let (run, report) = try WatchedProgram.report(
      options, [scenario], program: WatchedProgram.directory)
    #expect(try JSONSchema(documented: "watch-1").errors(in: report) == [])
    return (run, try JSONValue(report)["variables"].array)
  }

  /// What happened to an entry, each as `operation before after`.
  private func story(_ variable: JSONValue) -> [String] {
    variable["hits"].array.map { hit in
      let site = variable["sites"][Int(hit["site"].number ?? 0)]
      return [site["operation"], hit["before"], hit["after"]].map(\.text).filter { !$0.isEmpty }
        .joined(separator: " ")
    }
  }

  /// Where, and how often: `operation function:line`.
  private func sites(_ variable: JSONValue) -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: variable["sites"].array.map { site in
        let place = site["place"].text.split(separator: "/").last.map(String.init) ?? ""
        return (
          "\(site["operation"].text) \(site["function"].text) \(place.prefix { $0 != ":" })",
          Int(site["count"].number ?? 0)
        )
      })
  }

  @Test func `an entry is followed while the table grows under it`() throws {
    let (run, variables) = try watch(["Sessions.byUser[\"alice\"]"], "grow")
    #expect(run.end == .exited(0))
    let entry = try #require(variables.first)
    #expect(
      story(entry) == ["insert 1"] + (1...20).map { "write \($0) \($0 + 1)" } + ["remove 21"])
    #expect(
      sites(entry) == [
        "insert Sessions.logIn(_:) Directory.swift": 1,
        "write Sessions.logIn(_:) Directory.swift": 20,
        "remove Sessions.logOut(_:) Directory.swift": 1,
      ])
    let tasks = Set(entry["hits"].array.map { $0["owner"].text })
    #expect(tasks.count == 21)
    #expect(entry["name"].text == "Directory.Sessions.byUser[\"alice\"]")
    #expect(entry["type"].text == "Int")
    #expect(run.errors.contains("22 uses named in 1 process"))
    // 2001 entries: from one bucket to 512, and alice is moved with each doubling.
    #expect(run.errors.contains("followed to 9 new places, as the dictionary grew"))
  }

  @Test func `keys of other types, removal of all, and what says no key`() throws {
    let (_, variables) = try watch(
      [
        "Sessions.byUser[\"alice\"]", "--also", "scores[42]", "--also", "levels[high]", "--also",
        "scores[8]",
      ], "kinds")
    #expect(
      story(variables[0]) == [
        "insert 1", "write 1 100", "remove 100", "insert 100",
      ])
    #expect(story(variables[1]) == ["insert 0.5", "write 0.5 1.5"])
    #expect(story(variables[2]).count == 1)
    #expect(story(variables[3]) == [])
    let none = try WatchedProgram.report(
      ["points[0]"], ["kinds"], program: WatchedProgram.directory)
    #expect(none.run.end == .exited(126))
    #expect(
      none.run.errors.contains(
        "'0' says no key of the dictionary in 'points[0]'; keys can be told if their type is"))
  }

  @Test(arguments: 1...3)
  func `whatever happens to the table, each change of an entry is told, and nothing else`(
    seed: Int
  ) throws {
    let options = ["Registry.names[\"alice\"]", "--last", "0"]
    let (run, report) = try WatchedProgram.report(
      options, ["wander", "\(seed)"], program: WatchedProgram.directory)
    #expect(run.end == .exited(0))
    let lines = run.output.split(separator: "\n").map(String.init)
    let expected = Array(lines.prefix { $0 != "done" })
    #expect(expected.count > 500)
    #expect(story(try JSONValue(report)["variables"][0]) == expected)
  }

  @Test func `a forked child's entries are its own`() throws {
    let (run, variables) = try watch(["Sessions.byUser[\"alice\"]"], "fork")
    #expect(run.end == .exited(0))
    #expect(story(variables[0]) == ["insert 1", "write 1 100"])
  }

  @Test func `after the limit an entry is followed no more`() throws {
    let (run, variables) = try watch(["Sessions.byUser[\"alice\"]", "--limit", "1"], "grow")
    #expect(story(variables[0]) == ["insert 1"])
    #expect(run.errors.contains("stopped watching at the limit; the program went on"))
    #expect(!run.errors.contains("followed to"))
  }

  @Test func `objects beyond those that can be kept are counted`() throws {
    // The program's own one is the first of 21, and there is room for 16.
    let (run, _) = try watch(["Sessions.byUser[\"alice\"]"], "many")
    #expect(run.errors.contains("5 times no watchpoint was free for one more of that name"))
  }

  @Test func `who reads an entry`() throws {
    let (_, variables) = try watch(["Sessions.byUser[\"alice\"]", "--reads"], "reads")
    let counts = sites(variables[0])
    #expect(counts["read Sessions.count(_:) Directory.swift"] == 3)
    #expect(counts["insert Sessions.logIn(_:) Directory.swift"] == 1)
  }

  @Test func `control bytes tell of the bucket`() throws {
    let (_, variables) = try watch(["scores[42].control"], "kinds")
    // An empty bucket, then one cell of it in use, then another if the other key is in it, too.
    let story = story(variables[0])
    #expect(story.count == 2)
    #expect(story[0].hasPrefix("insert 0x"))
  }

  @Test func `whatever dictionary has the key, until it ends`() throws {
    let (run, variables) = try watch(["FailFastDictionary[\"3\"]"], "local")
    #expect(run.end == .exited(0))
    #expect(
      story(variables[0]) == [
        "insert 0x3", "write 0x3 0xd", "write 0xd 0x17", "write 0x17 0x21", "write 0x21 0x2b",
      ])
    let (_, others) = try watch(["FailFastDictionary[\"x\"]"], "local")
    #expect(story(others[0]) == Array(repeating: "insert 0x1", count: 5))
    let (_, nobody) = try watch(["FailFastDictionary[\"nobody\"]"], "local")
    #expect(nobody[0]["hits"].array.isEmpty)
  }
}
