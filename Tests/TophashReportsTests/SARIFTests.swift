import Foundation
import Testing
import TophashFindings
import TophashSymbols
import TophashTestSupport

@testable import TophashReports

/// SARIF against the part of its schema that is used, and against what the services read.
@Suite struct SARIFTests {
  /// The part of OASIS's schema that speaks of what Tophash writes, in own words: stricter, since
  /// it knows nothing else.
  private static var schema: JSONSchema {
    get throws {
      let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Schemas/sarif-2.1.0-subset.schema.json")
      return try JSONSchema(Data(contentsOf: file))
    }
  }

  private var text: String {
    ReportForm.sarif.reporter(GoldenReport.context).text(for: GoldenReport.report)
  }

  @Test func `the log fits the schema`() throws {
    let schema = try Self.schema
    #expect(try schema.errors(in: text) == [])
    let empty = ReportForm.sarif.reporter(GoldenReport.context).text(for: Samples.report())
    #expect(try schema.errors(in: empty) == [])
  }

  @Test(arguments: [
    ("\"version\" : \"2.1.0\"", "\"version\" : \"2.0.0\""),
    ("\"level\" : \"error\"", "\"level\" : \"fatal\""),
    ("\"startLine\" : 5", "\"startLine\" : 0"),
    ("\"baselineState\" : \"new\"", "\"baselineState\" : \"old\""),
    ("\"kind\" : \"inSource\"", "\"kind\" : \"inside\""),
    ("\"uriBaseId\"", "\"uriBase\""),
    ("\"importance\" : \"essential\"", "\"importance\" : \"great\""),
    ("\"ruleIndex\" : 1", "\"ruleIndex\" : \"1\""),
  ])
  func `what does not fit the schema is found`(right: String, wrong: String) throws {
    try #require(text.contains(right))
    #expect(try !Self.schema.errors(in: text.replacing(right, with: wrong)).isEmpty)
  }

  private var results: [JSONValue] {
    get throws { try JSONValue(text)["runs"][0]["results"].array }
  }

  @Test func `both stacks are thread flows that end at the access`() throws {
    let flows = try results[0]["codeFlows"][0]["threadFlows"].array
    #expect(flows.map { $0["id"].text } == ["task 7 \"restock\"", "thread 4246 \"order\""])
    let functions = flows.map { flow in
      flow["locations"].array.map {
        $0["location"]["logicalLocations"][0]["fullyQualifiedName"].text
      }
    }
    #expect(
      functions == [
        ["Warehouse.closure #1 in Warehouse.simulate()", "Warehouse.Inventory.add(_:count:)"],
        ["Warehouse.Inventory.available(_:)"],
      ])
    #expect(flows[0]["locations"][1]["importance"].text == "essential")
  }

  @Test func `suppressed results are kept, and say why`() throws {
    let kinds = try results.map { $0["suppressions"].array.map { $0["kind"].text } }
    #expect(kinds == [[], [], [], [], ["inSource"], ["external"], []])
  }

  @Test func `fingerprints are the same while lines move, and tell results apart`() throws {
    func prints(_ report: Report) throws -> [String] {
      let log = ReportForm.sarif.reporter(GoldenReport.context).text(for: report)
      return try JSONValue(log)["runs"][0]["results"].array.map {
        $0["partialFingerprints"]["primaryLocationLineHash"].text
      }
    }
    var moved = Samples.finding
    moved.open.stack[1].location?.line = 500
    let number = Samples.finding.fingerprint.description.dropFirst(2)
    #expect(try prints(Samples.report(Samples.finding)) == ["\(number):1"])
    #expect(
      try prints(Samples.report(moved, Samples.finding)) == ["\(number):1", "\(number):2"])
  }

  @Test func `columns count what editors count`() throws {
    // The compiler's column 18 is behind an é of two bytes.
    #expect(
      try results[3]["locations"][0]["physicalLocation"]["region"]["startColumn"].number == 17)
  }

  @Test func `places are relative to a base, and escaped`() throws {
    let place = try results[3]["locations"][0]["physicalLocation"]["artifactLocation"]
    #expect(place["uri"].text == "Sources/Warehouse/W%C3%B6rter%20&%20Co.swift")
    #expect(place["uriBaseId"].text == "SRCROOT")
    let outside = try results[2]["locations"][0]["physicalLocation"]["artifactLocation"]
    #expect(outside["uri"].text == "file:///opt/app")
    #expect(outside["uriBaseId"].text == "")
  }
}
