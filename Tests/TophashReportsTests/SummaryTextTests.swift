import Testing
import TophashFindings

@testable import TophashReports

@Suite struct SummaryTextTests {
  private func lines(_ work: ProbeWork = ProbeWork(), end: ProcessEnd, findings: Bool) throws
    -> [String]
  {
    var process = try Samples.process
    process.header.work = work
    process.accesses = AccessCounts(tracked: 30, instantaneous: 10)
    var report = Samples.report(session: Session(processes: [process]))
    report.findings = findings ? [Samples.finding] : []
    report.run.end = end
    return SummaryText(report).lines
  }

  private static let accesses =
    "40 accesses seen by patched entry points; 25 % have no end and cannot be caught"

  @Test func `what was found, seen and done`() throws {
    var work = ProbeWork()
    (work.nearMisses, work.trapsArmed, work.holds) = (1, 2, 3)
    work.heldNanoseconds = 12_000_000
    (work.accessesDropped, work.conflictsDropped) = (1, 5)
    #expect(
      try lines(work, end: .exited(0), findings: true) == [
        "1 finding in 1 process", Self.accesses,
        "1 near miss; 2 traps set, 3 accesses held open for 12 ms in all",
        "1 access not watched: too many were open at once",
        "5 conflicts not recorded: there were too many different ones",
      ])
  }

  @Test func `candidates that were left out are counted, with the reason`() throws {
    var report = Samples.report(session: Session(processes: [try Samples.process]))
    (report.possiblyOrdered, report.orderedByInference) = (2, 1)
    #expect(
      SummaryText(report).lines.first == """
        nothing found in 1 process; 2 candidates left out, whose sides may be ordered by atomics; \
        1 candidate left out, whose sides were seen to wait for each other
        """)
  }

  @Test func `who asked for a halt is told of that, and not of a signal`() throws {
    var report = Samples.report(
      Samples.finding, session: Session(processes: [try Samples.process]))
    (report.run.end, report.run.isHalted) = (.signalled(9), true)
    #expect(SummaryText(report).lines.last == "the program was stopped at its first finding")
  }

  @Test(arguments: [
    (ProcessEnd.exited(0), nil), (.exited(3), "the program ended with exit status 3"),
    (.signalled(11), "the program was ended by signal 11 (Segmentation fault)"),
  ])
  func `how the program ended, where the exit status does not tell`(
    end: ProcessEnd, words: String?
  ) throws {
    let start = [Self.accesses, "0 near misses; no traps set"]
    #expect(
      try lines(end: end, findings: true)
        == ["1 finding in 1 process"] + start + [words].compactMap(\.self))
    #expect(try lines(end: end, findings: false) == ["nothing found in 1 process"] + start)
  }
}
