import Foundation
import Testing
import TophashTestSupport

/// A few of the programs in `Examples/ScheduleCorpus`; `Scripts/corpus` runs all of them.
@Suite(.serialized) struct CorpusTests {
  /// Each needs another scheduler, or is of another kind.
  static let programs = [
    "din_phil5", "reorder_20", "serial_queues", "lost_resume", "finished_stream",
  ]

  @Test(arguments: programs)
  func `a wrong program fails, by a few switches, again and again`(_ program: String) throws {
    let result = try explore(["--allow-overlaps", "--reporter", "json"], [program])
    #expect(result.end == .exited(66), "\(result.errors)")
    let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let failure = try #require(json?["failure"] as? [String: Any])
    #expect(failure["same"] as? Int == 10)
    let deviations = try #require(failure["deviations"] as? [Any])
    #expect((1...5).contains(deviations.count))
  }

  @Test(arguments: programs)
  func `its twin does not`(_ program: String) throws {
    let result = try explore(["--schedules", "30"], ["--fixed", program])
    #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
    #expect(result.errors.contains("tophash: no run failed; "))
  }

  @Test func `every program is listed once, with what is wrong in it`() throws {
    let list = try Command(path: "\(Explored.products)/ScheduleCorpus", arguments: ["--list"]).run()
    #expect(list.end == .exited(0))
    let lines = list.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(lines.allSatisfy { $0.count == 3 })
    #expect(Set(lines.map { $0[1] }).count == lines.count)
    #expect(Set(lines.map { String($0[1]) }).isSuperset(of: Self.programs))
  }

  private func explore(_ options: [String], _ arguments: [String]) throws -> Command.Result {
    try Explored.tophash(
      ["explore", "--jobs", "1"] + options + ["--", "\(Explored.products)/ScheduleCorpus"]
        + arguments)
  }
}
