import Foundation
import Testing
import TophashTestSupport

/// `tophash watch` with hardware watchpoints: the built tool on a release build.
@Suite(.enabled(if: WatchedProgram.hasWatchpoints, "the machine lends no watchpoints"))
struct WatchTests {
  private func variable(_ report: [String: Any], _ index: Int = 0) throws -> [String: Any] {
    try #require((report["variables"] as? [[String: Any]])?[index])
  }

  private func sites(_ variable: [String: Any]) throws -> [[String: Any]] {
    try #require(variable["sites"] as? [[String: Any]])
  }

  private func hits(_ variable: [String: Any]) throws -> [[String: Any]] {
    try #require(variable["hits"] as? [[String: Any]])
  }

  @Test func `every write by every thread is named, also of threads that start later`() throws {
    let (run, report) = try WatchedProgram.watch(["total"], ["threads"])
    #expect(run.end == .exited(0))
    let variable = try variable(report)
    let hits = try hits(variable)
    #expect(hits.count == 10_000)
    let byOwner = Dictionary(grouping: hits) { $0["owner"] as? String ?? "" }
    #expect(byOwner.count == 8)
    #expect(byOwner.values.allSatisfy { $0.count == 1250 })
    #expect(byOwner.keys.allSatisfy { $0.contains("\"clerk ") })
    // One after the other, each from the value that the one before left.
    #expect(
      hits.enumerated().allSatisfy { index, hit in
        hit["before"] as? String == "\(index)" && hit["after"] as? String == "\(index + 1)"
      })
    let sites = try sites(variable)
    #expect(sites.count == 1)
    #expect(sites[0]["operation"] as? String == "write")
    #expect((sites[0]["place"] as? String)?.hasSuffix("Ledger.swift:69:19") == true)
    #expect(run.errors.contains("10000 uses named in 1 process"))
  }

  @Test func `the flags of a FailFastDictionary show who was inside, and the schema fits`() throws {
    let folder = try TemporaryDirectory()
    let report = "\(folder.path)/report.json"
    let run = try BuiltTool.run([
      "watch", "--reporter", "json", "--output", report, "FailFastDictionary.access", "--also",
      "FailFastDictionary.storedCount", "--", "\(BuiltTool.directory)/DictionaryMisuser",
      "write-write",
    ])
    // As the dictionary ends the program.
    #expect(run.end == .exited(2))
    #expect(run.errors.contains("fatal error: concurrent map writes"))
    let text = text(of: report)
    #expect(try JSONSchema(documented: "watch-1").errors(in: text) == [])
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    for index in 0...1 {
      let hits = try hits(try variable(object, index))
      #expect(Set(hits.compactMap { $0["owner"] as? String }).count >= 2)
    }
  }

  @Test func `what the runtime is not told of is seen`() throws {
    let (run, report) = try WatchedProgram.watch(
      ["Ledger.newest", "--also", "Ledger.summary", "--also", "Ledger.names"], ["kinds"])
    #expect(run.end == .exited(0))
    func places(_ index: Int) throws -> Set<String> {
      Set(
        try sites(try variable(report, index)).compactMap { $0["place"] as? String }
          .map { String($0.split(separator: "/").last ?? "") })
    }
    #expect(try places(0).contains("Ledger.swift:22:42"))
    #expect(try places(1).contains { $0.hasPrefix("Ledger.swift:25:") })
    #expect(try places(2).contains { $0.hasPrefix("Ledger.swift:29") })
  }

  @Test func `four objects at most, and new ones in the place of those that are gone`() throws {
    let (_, report) = try WatchedProgram.watch(["Ledger.entries"], ["objects"])
    let variable = try variable(report)
    // One of `main`, and six that come one after the other.
    #expect(variable["objects"] as? Int == 7)
    #expect(variable["watchedObjects"] as? Int == 7)
    let written = try hits(variable).filter { $0["before"] != nil }.map { $0["after"] as? String }
    #expect(written == ["0", "1", "2", "3", "4", "5"])
    let (_, third) = try WatchedProgram.watch(["Ledger.entries", "--object", "3"], ["objects"])
    let only = try hits(try self.variable(third))
    #expect(only.allSatisfy { $0["object"] as? Int == 3 })
    #expect(only.last?["after"] as? String == "1")
  }

  @Test func `reads are told from writes`() throws {
    let (_, report) = try WatchedProgram.watch(
      ["Ledger.entries", "--reads"], ["tasks", "fixed"])
    let counts = Dictionary(
      try sites(try variable(report)).map {
        ("\($0["operation"]!) \($0["function"]!)", $0["count"] as? Int)
      }, uniquingKeysWith: { first, _ in first })
    #expect(counts["write Ledger.addLocked()"] == 4000)
    #expect(counts["read Ledger.addLocked()"] == 4000)
  }

  @Test func `limits`() throws {
    let (limited, few) = try WatchedProgram.watch(["total", "--limit", "50"], ["threads"])
    #expect(try hits(try variable(few)).count == 50)
    #expect(limited.errors.contains("stopped watching at the limit"))
    let (_, named) = try WatchedProgram.watch(["total", "--thread", "clerk 2"], ["threads"])
    #expect(try hits(try variable(named)).count == 2500)
    #expect((named["unnamed"] as? [String: Any])?["otherThreads"] as? Int == 7500)
    let (slow, _) = try WatchedProgram.watch(["total", "--rate", "20"], ["threads"])
    #expect(slow.errors.contains("because of --rate"))
  }

  @Test func `nothing happens to a variable that nobody touches`() throws {
    let run = try BuiltTool.run([
      "watch", "untouched", "--", WatchedProgram.release.get(), "threads",
    ])
    #expect(run.end == .exited(0))
    #expect(run.output == "done\nuntouched was not touched\n")
  }

  @Test func `holding a writer proves the race`() throws {
    let words = [
      "watch", "--confirm", "Ledger.entries", "--", try WatchedProgram.release.get(), "tasks",
    ]
    let both = "race (caught): two tasks changed Ledger.entries : Int at the same time"
    // `+= 1` reads and writes: now and then, who reads is held before anybody writes.
    var racy = try BuiltTool.run(words)
    for _ in 0..<9 where !racy.output.contains(both) { racy = try BuiltTool.run(words) }
    #expect(racy.end == .exited(66))
    #expect(racy.output.contains(both), "\(racy.output)")
    #expect(racy.output.contains("Ledger.swift:13:24"))
    #expect(racy.output.contains("again: tophash watch --confirm Ledger.entries -- "))
    let fixed = try BuiltTool.run([
      "watch", "--confirm", "Ledger.entries", "--", WatchedProgram.release.get(), "tasks", "fixed",
    ])
    #expect(fixed.end == .exited(0))
    #expect(!fixed.output.contains("race"))
  }

  @Test func `by address, and by a finding`() throws {
    let nm = try Tool.run(["nm", WatchedProgram.release.get()])
    let line = try #require(nm.split(separator: "\n").first { $0.hasSuffix("6Ledger5totalSivp") })
    let address = "0x" + String(line.prefix { $0 != " " }.drop { $0 == "0" })
    let (_, report) = try WatchedProgram.watch([address], ["threads"])
    #expect(try hits(try variable(report)).count == 10_000)

    let folder = try TemporaryDirectory()
    let saved = "\(folder.path)/report.json"
    let example = BuiltTool.directory + "/Inventory"
    try #expect(
      BuiltTool.run(["run", "--reporter", "json", "--output", saved, "--", example]).end
        == .exited(66))
    let findings =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: saved))) as? [String: Any]
    let finding = try #require((findings?["findings"] as? [[String: Any]])?.first)
    let fingerprint = try #require(finding["fingerprint"] as? String)
    let run = try BuiltTool.run(["watch", fingerprint, "--report", saved, "--", example])
    // However it ends: its race is real, and may crash it.
    #expect(run.output.contains("Inventory.stock was written "))
    #expect(
      ["Inventory.add(_:count:)", "Inventory.remove(_:count:)"].contains(where: run.output.contains)
    )
  }
}

/// A variable that has no name, by a finding.
@Suite(.enabled(if: WatchedProgram.hasWatchpoints, "the machine lends no watchpoints"))
struct WatchCapturedTests {
  private let directory: TemporaryDirectory
  private let report: String
  private let finding: JSONValue

  /// What `tophash run` finds.
  init() throws {
    directory = try TemporaryDirectory()
    report = "\(directory.path)/report.json"
    let program = try WatchedProgram.debug.get()
    _ = try BuiltTool.run([
      "run", "--runs", "3", "--reporter", "json", "--output", report, "--", program, "captured",
    ])
    finding = try JSONValue(text(of: report))["findings"][0]
  }

  private func watch(_ options: [String], _ arguments: [String]) throws -> Command.Result {
    try BuiltTool.run(
      ["watch", finding["fingerprint"].text, "--report", report] + options
        + ["--", WatchedProgram.debug.get(), "captured"] + arguments)
  }

  @Test func `it is found by the places that access it`() throws {
    #expect(finding["variable"]["kind"].text == "capturedVariable")
    let run = try watch(["--reporter", "json"], ["fixed"])
    #expect(run.end == .exited(0))
    let json = try #require(run.output.split(separator: "done\n").last)
    #expect(try JSONSchema(documented: "watch-1").errors(in: String(json)) == [])
    let variable = try JSONValue(String(json))["variables"][0]
    #expect(variable["name"].text == "captured variable")
    #expect(variable["objects"].number == 1)
    // Two tasks, 2000 times each: taken out of it, and put back.
    #expect(variable["hits"].array.count == 8000)
    #expect(Set(variable["hits"].array.map { $0["owner"].text }).count == 2)
    #expect(
      variable["sites"].array.allSatisfy { $0["function"].text == "closure #3 in Main.main()" })
  }

  @Test func `holding a writer proves its race, and is silent on the twin`() throws {
    // The race may damage the dictionary, and end the program, before anybody is held.
    var racy = try watch(["--confirm"], [])
    for _ in 0..<9 where racy.end != .exited(66) { racy = try watch(["--confirm"], []) }
    #expect(racy.end == .exited(66), "\(racy.errors)")
    #expect(racy.output.contains("race (caught): "))
    #expect(racy.output.contains("a captured variable : [Int: Int]"))
    #expect(racy.output.contains("again: tophash watch --confirm --report "))
    let fixed = try watch(["--confirm"], ["fixed"])
    #expect(fixed.end == .exited(0))
    #expect(!fixed.output.contains("race"))
  }

  @Test func `where nothing is accessed at its places, the report says so`() throws {
    let run = try BuiltTool.run([
      "watch", finding["fingerprint"].text, "--report", report, "--",
      WatchedProgram.debug.get(), "kinds",
    ])
    #expect(run.end == .exited(0))
    #expect(
      run.output
        == "done\na captured variable: nothing was accessed at the places of the finding\n")
  }

  @Test func `of a finding about storage alone, it is told what to do`() throws {
    let storage = "\(directory.path)/storage.json"
    let text = text(of: report).replacing("\"capturedVariable\"", with: "\"storage\"")
    try directory.write("storage.json", text)
    let run = try BuiltTool.run([
      "watch", finding["fingerprint"].text, "--report", storage, "--",
      WatchedProgram.debug.get(), "captured",
    ])
    #expect(run.end == .exited(126))
    #expect(
      run.errors
        == "tophash: error: of the variable in \(finding["fingerprint"].text) nothing is known but its storage, which has no fixed place; watch the variable of the program that refers to it, by name\n"
    )
  }
}

/// `tophash watch` without the processor's help, and what it refuses.
@Suite struct WatchRefusalTests {
  /// In a process to which the system gives no watchpoint.
  private func forbidden(_ arguments: [String]) throws -> Command.Result {
    try Command(
      path: WatchedProgram.forbidden.get(), arguments: [BuiltTool.path, "watch"] + arguments
    ).run()
  }

  @Test func `without permission the dictionary tells by itself`() throws {
    let run = try forbidden([
      "Sessions.byUser[\"alice\"]", "--", WatchedProgram.directory.get(), "grow",
    ])
    #expect(run.end == .exited(0))
    #expect(
      run.output.contains(
        "Sessions.byUser[\"alice\"] was modified 22 times, by 21 tasks or threads"))
    #expect(run.output.contains("1 × remove   "))
  }

  @Test func `without permission the runtime's checks do`() throws {
    let run = try forbidden(["Ledger.names", "--", WatchedProgram.release.get(), "kinds"])
    #expect(run.end == .exited(0))
    #expect(
      run.errors.hasPrefix(
        "tophash: the system forbids hardware watchpoints (perf_event_open: Operation not permitted): watching through the runtime's checks, which see less\n"
      ))
    #expect(run.output.contains("Ledger.names was modified 3 times, by 1 task or thread"))
    #expect(run.output.contains("Ledger.swift:29"))
  }

  @Test func `through the runtime's checks, each change of a debug build is named`() throws {
    let (run, report) = try WatchedProgram.watch(
      ["total", "--method", "software"], ["threads"], program: WatchedProgram.debug)
    #expect(run.end == .exited(0))
    #expect(report["method"] as? String == "software")
    let variable = (report["variables"] as? [[String: Any]])?.first
    #expect((variable?["hits"] as? [Any])?.count == 10_000)
  }

  @Test func `without permission what only a watchpoint sees is refused`() throws {
    for options in [["--method", "hardware"], ["--confirm"]] {
      let run = try forbidden(
        options + ["Ledger.names", "--", WatchedProgram.release.get(), "kinds"])
      #expect(run.end == .exited(126))
      #expect(
        run.errors
          == "tophash: error: the system forbids hardware watchpoints (perf_event_open: Operation not permitted); set kernel.perf_event_paranoid to 2, and allow perf_event_open in a container\n"
      )
      #expect(run.output.isEmpty)
    }
    let unseen = try forbidden(["Ledger.summary", "--", WatchedProgram.release.get(), "kinds"])
    #expect(unseen.end == .exited(126))
    #expect(unseen.errors.contains("the runtime is not told of 'Ledger.summary' in this build"))
    #expect(unseen.output.isEmpty)
  }

  @Test(arguments: [
    ([], 64, "no variable is named; write 'tophash watch TYPE.NAME -- PROGRAM'"),
    (["total"], 64, "no program is named; write '-- PROGRAM' behind the variable"),
    (
      ["a", "--also", "b", "--also", "c", "--also", "d", "--also", "e", "--", "LEDGER"], 64,
      "a processor watches 4 variables at once, not 5; name fewer, and run again for the others"
    ),
    (
      ["Ledger.entris", "--", "LEDGER"], 127,
      "'ledger' declares no variable 'Ledger.entris'; did you mean 'Ledger.entries'?"
    ),
    (
      ["Ledger.lock", "--", "LEDGER"], 64,
      "'Ledger.lock' is a 'let', which nothing writes; name a variable"
    ),
    (
      ["--method", "software", "--confirm", "total", "--", "LEDGER"], 64,
      "'--confirm' needs hardware watchpoints; leave out '--method software', or use 'tophash run', which holds by itself"
    ),
    (
      ["T-0123abcd", "--", "LEDGER"], 64,
      "'T-0123abcd' is a finding's fingerprint; name the report that has it: --report FILE, from 'tophash run --reporter json'"
    ),
    (
      ["Sessions.byUser[", "--", "DIRECTORY"], 64,
      "'Sessions.byUser[' is no entry of a dictionary; write NAME[KEY], or NAME[KEY].control for the control bytes of its bucket"
    ),
    (
      ["Ledger.names[alice]", "--", "LEDGER"], 64,
      "'Ledger.names' is of type [String: Int], and only a FailFastDictionary tells where its entries are; leave out the key to watch the variable as a whole"
    ),
    (
      ["scores[many]", "--", "DIRECTORY"], 64,
      "'many' is no key of 'scores', whose keys are of type Int; write it as a number"
    ),
    (
      ["Sessions.byUser[\(String(repeating: "a", count: 256))]", "--", "DIRECTORY"], 64,
      "the key of 'Sessions.byUser' is too long, or has more than one line; watch 'Sessions.byUser' as a whole"
    ),
    (
      ["--rate", "0", "total", "--", "LEDGER"], 64,
      "'--rate' takes a number from 1 on, not 0; see 'tophash watch --help'"
    ),
    (
      ["total", "--", "./no-such"], 127,
      "no program './no-such'; check the path, or build the program first"
    ),
  ])
  func `mistakes are told in one line`(arguments: [String], status: Int32, line: String) throws {
    let programs = [
      "LEDGER": try WatchedProgram.release.get(), "DIRECTORY": try WatchedProgram.directory.get(),
    ]
    let run = try BuiltTool.run(["watch"] + arguments.map { programs[$0] ?? $0 })
    #expect(run.end == .exited(status))
    #expect(run.errors == "tophash: error: \(line)\n")
    #expect(run.output.isEmpty)
  }
}
