import Foundation
import Testing
import TophashTestSupport

/// A body that traps takes its process along, so it is one of a program's.
@Suite struct CrashTests {
  private static let program =
    URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().path(percentEncoded: false) + "/TaskOrderExplorer"

  @Test func `a trap leaves the order that led to it`() throws {
    let run = try Command(
      path: Self.program, arguments: ["traps"], environment: ["SWIFT_BACKTRACE": "enable=no"]
    ).run()
    guard case .signalled = run.end else {
      Issue.record("\(run.end)")
      return
    }
    #expect(run.errors.contains("a deposit was lost"))
    let told =
      #/this crash is a schedule's; to come here again: @Test\(\.replay\("tasks1( [0-9]+\.[0-9]+>[0-9]+)+"\)\)/#
    #expect(run.errors.contains(told), "\(run.errors)")
  }
}
