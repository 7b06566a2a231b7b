import Foundation
import Testing
import TophashFindings
import TophashSymbols
import TophashTestSupport

@testable import TophashReports

@Suite struct JSONReporterTests {
  static var schema: JSONSchema {
    get throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      return try JSONSchema(
        Data(
          contentsOf: root.appending(path: "Documentation/Schemas/report-1.schema.json")))
    }
  }

  private func text(_ report: Report) -> String {
    JSONReporter(paths: Paths(directory: "/shop")).text(for: report)
  }

  /// Every optional field there, and none of them there.
  private var reports: [Report] {
    var bare = Samples.finding
    bare.variable = Variable(kind: .unknown, module: nil, name: "unknown variable", type: nil)
    bare.open = Side(
      operation: .read, owner: .task(id: nil, name: nil), threadID: 1,
      stack: [
        Frame(
          address: 1, image: nil, offset: 1, symbol: nil, function: "0x1", module: nil,
          location: nil, isInlined: false)
      ])
    bare.begun = Side(
      operation: .read, owner: .thread(id: 1, name: nil, isMain: true), threadID: 1, stack: [])
    var killed = Samples.report(bare)
    killed.run.end = .signalled(9)
    killed.run.command = []
    return [Samples.report(), Samples.report(Samples.finding), killed]
  }

  @Test func `what is written fits the schema`() throws {
    let schema = try Self.schema
    for report in reports { #expect(try schema.errors(in: text(report)) == []) }
  }

  @Test(arguments: [
    ("\"grade\" : \"caught\"", "\"grade\" : \"maybe\""),
    ("\"occurrences\" : 1204", "\"occurrences\" : 0"),
    ("\"occurrences\" : 1204", "\"occurrences\" : true"),
    ("\"occurrences\" : 1204", "\"occurrences\" : 1.5"),
    ("\"fingerprint\" : \"T-", "\"fingerprint\" : \"t-"),
    ("\"schema\" : \"tophash-report/1\"", "\"schema\" : \"tophash-report/2\""),
    ("\"exitStatus\" : 0", "\"exitStatus\" : 0, \"signal\" : 9"),
    ("\"seed\" : 7", "\"seeds\" : 7"),
    ("\"threads\" : 0", "\"threads\" : \"0\""),
  ])
  func `what does not fit the schema is found`(right: String, wrong: String) throws {
    let valid = text(Samples.report(Samples.finding))
    try #require(valid.contains(right))
    #expect(try !Self.schema.errors(in: valid.replacing(right, with: wrong)).isEmpty)
  }

  @Test func `the same report is the same text, and ends with its line`() {
    let report = Samples.report(Samples.finding)
    #expect(text(report) == text(report))
    #expect(text(report).hasSuffix("}\n"))
  }

  @Test func `a report without findings is written out`() throws {
    #expect(
      text(Samples.report()) == """
        {
          "coverage" : {
            "conflicts" : 0,
            "droppedAccesses" : 0,
            "droppedConflicts" : 0,
            "heldNanoseconds" : 0,
            "holds" : 0,
            "hooks" : [

            ],
            "instantaneousAccesses" : 0,
            "instantaneousShare" : 0,
            "nearMisses" : 0,
            "threads" : 0,
            "trackedAccesses" : 0,
            "traps" : 0
          },
          "findings" : [

          ],
          "lockConflicts" : 0,
          "orderedByInference" : 0,
          "possiblyOrdered" : 0,
          "processes" : [

          ],
          "run" : {
            "command" : [
              ".build/debug/Warehouse",
              "two words"
            ],
            "exitStatus" : 0,
            "options" : [

            ],
            "repeat" : "tophash run --seed 7 -- .build/debug/Warehouse 'two words'",
            "seed" : 7
          },
          "schema" : "tophash-report/1",
          "tool" : {
            "name" : "tophash",
            "version" : "\(toolVersion)"
          }
        }

        """)
  }
}
