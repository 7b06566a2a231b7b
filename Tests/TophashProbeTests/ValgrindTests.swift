import Testing
import TophashTestSupport

@testable import TophashFindings

/// The probe under a tool that watches every access to memory.
@Suite(
  .enabled(if: Tool.path("valgrind") != nil, "valgrind is not installed"),
  .enabled(if: Tool.path("strip") != nil, "strip is not installed"))
struct ValgrindTests {
  @Test(arguments: [
    ("collide", 1), ("collide-with-suspended", 1), ("count-under-lock", 0),
    ("exit-inside-access", 0), ("access-in-destructors", 0), ("fork-and-collide-at-once", 1),
  ])
  func `valgrind finds no fault`(_ scenario: String, _ conflicts: Int) throws {
    // Not all versions of valgrind can read the debug information of today's compilers.
    let library = try Fixture.strippedProbe.path
    let plain = try Command(path: Fixture.debug.path, arguments: [scenario]).run()
    let checked = try Command(
      path: #require(Tool.path("valgrind")),
      arguments: ["--quiet", "--error-exitcode=99", Fixture.debug.path, scenario])
    let run = try ProbedRun(checked, library: library)
    #expect(run.result.end == plain.end)
    #expect(run.result.output == plain.output)
    #expect(run.conflicts.count == conflicts)
  }
}
