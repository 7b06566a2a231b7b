import Foundation
import Testing
import TophashTestSupport

@testable import TophashTrace

/// `tophash profile` on programs with one bottleneck each, which know their own waits.
@Suite(.serialized) struct ProfileCommandTests {
  struct Case: CustomTestStringConvertible {
    var program: String
    var what: String
    var site: String
    var testDescription: String { program }
  }

  @Test(arguments: [
    Case(program: "lock", what: "lock", site: "Lock.store(_:for:)"),
    Case(program: "mutex", what: "lock", site: "MutexLock.store(_:for:)"),
    Case(
      program: "barrier", what: "queue cache.queue, as barrier", site: "BarrierQueue.store(_:for:)"),
    Case(program: "semaphore", what: "semaphore", site: "Semaphore.query()"),
    Case(program: "actor", what: "actor OverloadedActor", site: "OverloadedActor.run()"),
    Case(program: "rwlock", what: "lock, to write", site: "StarvedWriter.write(_:)"),
  ])
  func `the bottleneck comes first, and its waits are as long as they were`(bottleneck: Case) throws
  {
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/waits.pb.gz"
    let result = try Bottleneck.profile(bottleneck.program, options: ["--output", file]).run()
    #expect(result.end == .exited(0))
    #expect(result.errors == "tophash: '\(file)' can be read by 'go tool pprof'\n")

    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("truth "))
    #expect(lines[1].hasPrefix("waited for others: "))
    let first = lines[2].split(separator: "  ", omittingEmptySubsequences: true).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(first[4] == bottleneck.what)
    #expect(first[5].hasSuffix(bottleneck.site))

    // The file has the exact figures.
    try Tool.run("gzip", "-d", file)
    let message = ReadMessage(bytes(of: "\(directory.path)/waits.pb"))
    let total = message[2].reduce(0 as UInt64) { $0 + $1.message[2][0].packed[1] }
    let truth = try #require(UInt64(lines[0].dropFirst("truth ".count)))
    #expect(
      Double(total) > 0.95 * Double(truth) && Double(total) < 1.05 * Double(truth),
      "measured \(total), truth \(truth)")
  }

  @Test func `waits that never end are counted when the program is ended`() throws {
    let running = try Bottleneck.profile("hang").start()
    try running.waitForOutput("hanging")
    // Both have gone to sleep, or will have been stopped before: then they are not counted.
    usleep(300_000)
    running.send(SIGTERM)
    let result = running.wait()
    #expect(result.end == .signalled(SIGTERM))
    #expect(result.output.contains(" of them to the end"))
    #expect(result.output.contains("Hang.run()"))
  }

  @Test func `the flame graph is written beside the table`() throws {
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/waits.svg"
    let result = try Bottleneck.profile("barrier", options: ["--flame-graph", file, "--quiet"])
      .run()
    #expect(result.errors == "")
    let picture = text(of: file)
    #expect(picture.contains("<title>[queue cache.queue, as barrier]: "))
    #expect(picture.contains("<title>BarrierQueue.store(_:for:): "))
  }

  @Test func `Go's own tool reads the profile`() throws {
    guard let go = Tool.path("go") else {
      return try skip("no 'go' in PATH, so that 'go tool pprof' cannot be asked")
    }
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/waits.pb.gz"
    _ = try Bottleneck.profile("rwlock", options: ["--output", file]).run()
    let answer = try Tool.run(go, "tool", "pprof", "-top", file)
    #expect(answer.contains("Type: delay"))
    let rows = answer.split(separator: "\n").drop { !$0.contains("flat%") }.dropFirst()
    #expect(rows.first?.contains("StarvedWriter.write(_:)") == true)
  }

  @Test(arguments: [["profile"], ["trace", "--output", "/dev/null"]])
  func `of a program that cannot be measured nothing is claimed`(_ command: [String]) throws {
    let run = try Command(
      path: Bottleneck.tool, arguments: command + ["--", "/bin/sh", "-c", "exit 3"]
    ).run()
    #expect(run.end == .exited(3))
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("tophash: error: nothing was measured: "))
  }

  @Test(arguments: [
    (
      ["--top", "0", "--", "true"], 64 as Int32,
      "tophash: error: --top takes a number from 1 on; see 'tophash profile --help'\n"
    ),
    (
      ["--flame", "x"], 64,
      "tophash: error: unknown option '--flame'; write '--' before a program whose name starts so\n"
    ),
    (
      ["--outptu", "x"], 64, "tophash: error: unknown option '--outptu'; did you mean '--output'?\n"
    ),
    (
      ["--", "true"], 126,
      "tophash: error: nothing was measured: no program with a Swift runtime ran; name a Swift program, or a script that starts one\n"
    ),
    (
      ["--output", "/nowhere/x", "--", "true"], 70,
      "tophash: error: '/nowhere/x' cannot be written: No such file or directory; name another file for --output\n"
    ),
  ])
  func `mistakes are told in one line`(arguments: [String], status: Int32, line: String) throws {
    let result = try Command(path: Bottleneck.tool, arguments: ["profile"] + arguments).run()
    #expect(result.end == .exited(status))
    #expect(result.errors == line)
  }
}
