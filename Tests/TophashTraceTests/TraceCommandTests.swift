import Foundation
import Testing
import TophashTestSupport

@testable import TophashTrace

/// `tophash trace` on a program that does something of everything.
@Suite(.serialized) struct TraceCommandTests {
  private func command(_ options: [String], _ scenario: [String]) throws -> Command {
    Command(
      path: Bottleneck.tool,
      arguments: ["trace"] + options + ["--", try Bottleneck.traced] + scenario)
  }

  private func trace(_ options: [String], _ scenario: String) throws -> Command.Result {
    try command(options, [scenario]).run()
  }

  @Test func `tasks, waits, items, regions, logs and chosen accesses are on the timeline`() throws {
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/all.pftrace"
    let result = try trace(
      ["--output", file, "--variable", "Cache.entries"], "everything")
    #expect(result.end == .exited(0))
    #expect(result.output == "done\n")
    let trace = ReadTrace(bytes(of: file))

    #expect(trace.isBalanced)
    let names = trace.slices
    #expect(names["refresh", default: 0] == 4)
    #expect(names["wait for the queue", default: 0] == 1)
    #expect(names["refresh.queue", default: 0] == 4)
    #expect(names["modify Cache.entries", default: 0] == 24)
    #expect(names.contains { $0.key.hasPrefix("task ") })
    #expect(names["wait for lock", default: 0] > 0)
    #expect(trace.instants["all is done"] == 1)
    #expect(trace.figures["round"]?.sorted() == (0..<20).map { Double($0 / 4) })
    // From each submission to the item.
    #expect(trace.flows.values.filter { $0 == 2 }.count >= 4)

    // Regions lie beneath the tracks of tasks.
    let tracks = trace.tracks(of: "refresh")
    #expect(tracks.count == 4)
    #expect(tracks.allSatisfy { $0.hasPrefix("regions of task ") })
    #expect(trace.tracks(of: "wait for the queue") == ["regions of task 1"])
    #expect(result.errors.contains("tophash:   24 chosen accesses"))
    #expect(
      result.errors.hasSuffix("tophash: '\(file)' can be opened at https://ui.perfetto.dev\n"))
  }

  @Test func `Perfetto's own descriptors know every field`() throws {
    guard let python = Tool.path("python3"),
      (try? Tool.run(python, "-c", "import perfetto.protos.perfetto.trace.perfetto_trace_pb2"))
        != nil
    else {
      return try skip("no 'perfetto' in python3 (pip install perfetto), to parse the trace with")
    }
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/all.pftrace"
    _ = try trace(["--output", file], "everything")
    let script =
      String(#filePath.dropLast("Tests/TophashTraceTests/TraceCommandTests.swift".count))
      + "Scripts/check-trace"
    let answer = try Tool.run(python, script, file)
    #expect(answer.contains(" slices"))
  }

  @Test func `a race is on the timeline, with both sides and an arrow, and makes a snapshot`()
    throws
  {
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/all.pftrace"
    let tool = try command(
      ["--output", file, "--variable", "Box.values", "--races", "--snapshots"],
      ["race", "\(directory.path)/go"]
    ).start()
    try tool.waitForFile("\(file).1")
    _ = try directory.write("go", "")
    let result = tool.wait()
    #expect(result.end == .exited(0))
    #expect(result.output == "ready\ndone\n")
    for path in ["\(file).1", file] {
      let trace = ReadTrace(bytes(of: path))
      #expect(trace.isBalanced)
      #expect(trace.instants["race: modify traced.Box.values"] == 2)
      #expect(trace.slices["modify Box.values"] == 2)
      // From one side of the finding to the other; and from one access to the other, when both
      // are over.
      let arrows = trace.flows.values.filter { $0 == 2 }.count
      #expect(path == file ? arrows == 2 : (1...2).contains(arrows))
    }
    #expect(result.errors.contains("tophash: race (caught) in Box.values"))
    #expect(result.errors.contains("tophash: the last events are in '\(file).1'\n"))
    #expect(
      result.errors.contains(
        "two threads were inside of Box.values at one time, and modified it: 1 time\n"))
  }

  @Test func `the signal USR2 makes a snapshot, and is kept from the program`() throws {
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/all.pftrace"
    let tool = try command(
      ["--output", file, "--snapshots"], ["wait", "\(directory.path)/go"]
    ).start()
    try tool.waitForOutput("ready")
    for number in 1...2 {
      tool.send(SIGUSR2)
      try tool.waitForFile("\(file).\(number)")
    }
    _ = try directory.write("go", "")
    let result = tool.wait()
    #expect(result.end == .exited(0))
    #expect(result.output == "ready\ndone\n")
    for path in ["\(file).1", "\(file).2", file] {
      let trace = ReadTrace(bytes(of: path))
      #expect(trace.isBalanced)
      #expect(trace.instants["here it waits"] == 1)
    }
  }

  @Test func `without --snapshots the signal is the program's`() throws {
    let directory = try TemporaryDirectory()
    let tool = try command(
      ["--output", "\(directory.path)/all.pftrace"], ["wait", "\(directory.path)/go"]
    ).start()
    try tool.waitForOutput("ready")
    tool.send(SIGUSR2)
    #expect(tool.wait().end == .signalled(SIGUSR2))
    #expect(!ReadTrace(bytes(of: "\(directory.path)/all.pftrace")).instants.isEmpty)
  }

  @Test func `the schedule says what runs and who keeps a thread`() throws {
    let result = try trace(["--schedule=50"], "long")
    #expect(result.end == .exited(0))
    let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("SCHED") }
    #expect(lines.count >= 3)
    #expect(
      lines.contains {
        $0.contains(
          /^SCHED \d+ms: threads=\d+ pool=\d+ running=[1-9]\d* \[.*\] runnable=\d+( \[.*\])? in-line=\d+( \[.*\])? blocked=\d+/
        )
      })
    #expect(lines.contains { $0.contains(/in-line=\d+ \[(Counter=\d+ )?Gate=2\] blocked/) })
    #expect(
      lines.contains {
        $0.contains(/^SCHED warning: task \d+ has kept thread \d+ for \d+ ms without suspending$/)
      })
  }

  @Test func `the schedule tells on which executors tasks run, wait and block`() throws {
    let result = try trace(["--schedule=50"], "executors")
    #expect(result.end == .exited(0))
    let line =
      /running=2 \[DiskExecutor=1 main=1\] runnable=0 in-line=4 \[DiskExecutor=2 main=2\] blocked=2 \[lock=1 signal=1\] with-task=1 \[pool=1\] longest=\d+ms\(task 1\)$/
    #expect(result.errors.split(separator: "\n").contains { $0.contains(line) })
  }

  @Test(arguments: [
    ([], "nothing was asked for; write '--output FILE' or '--schedule 100'"),
    (
      ["--schedule=0"],
      "--schedule takes a number of milliseconds from 1 on; see 'tophash trace --help'"
    ),
    (
      ["--schedule", "--races"],
      "--variable, --races and --snapshots belong to a timeline; write '--output FILE'"
    ),
  ])
  func `mistakes are told in one line`(options: [String], line: String) throws {
    let result = try trace(options, "everything")
    #expect(result.end == .exited(64))
    #expect(result.errors == "tophash: error: \(line)\n")
  }

  @Test func `a variable that is not there is told, with the nearest one`() throws {
    let directory = try TemporaryDirectory()
    let result = try trace(
      ["--output", "\(directory.path)/x", "--variable", "Cache.entrees"], "everything")
    #expect(result.end == .exited(64))
    #expect(
      result.errors.contains("has no variable 'Cache.entrees'; did you mean 'Cache.entries'?"))
  }
}
