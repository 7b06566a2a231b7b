import Foundation
import Testing
import TophashTestSupport

/// Real reports in JSON, against the schema and the guide.
@Suite struct JSONReportTests {
  private static let documentation =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path(percentEncoded: false) + "Documentation"

  private let schema: JSONSchema

  init() throws {
    schema = try JSONSchema(
      Data(
        contentsOf: URL(filePath: Self.documentation + "/Schemas/report-1.schema.json")))
  }

  private static let shop = try! text(of: ["--", Program.shop.path, "race"])

  private static func text(of arguments: [String]) throws -> String {
    try BuiltTool.run(
      ["run", "--quiet", "--reporter", "json", "--seed", "7"] + arguments,
      environment: ["SWIFT_BACKTRACE": "enable=no"], in: Program.sources + "/Shop"
    ).output
  }

  @Test(arguments: [
    ["race"], ["leave=3"], ["raise=9"], ["race", "race", "trap"], ["race", "raise=11"],
  ])
  func `a report fits the schema, however the program ends`(_ steps: [String]) throws {
    let report = try Self.text(of: ["--", Program.shop.path] + steps)
    #expect(try schema.errors(in: report) == [])
    #expect(try JSONValue(report)["findings"].array.count == (steps[0] == "race" ? 1 : 0))
  }

  @Test func `a report of checked and refused processes fits the schema`() throws {
    let report = try Self.text(of: [
      "--no-traps", "--hook", "interpose", "--", "/bin/sh", "-c", "\"$@\"; \"$1\" race; \"$0\"",
      Program.threadSanitizer.path, Program.shop.path, "leave=1",
    ])
    #expect(try schema.errors(in: report) == [])
    let processes = try JSONValue(report)["processes"].array
    #expect(processes.map { $0["state"].text } == ["watching", "watching", "refused"])
    #expect(processes.map { $0["refusal"].text } == ["", "", "sanitizer"])
    #expect(
      try JSONValue(report)["run"]["options"].array.map(\.text)
        == ["--hook", "interpose", "--no-traps"])
  }

  @Test func `a report of tasks, held accesses and the example fits the schema`() throws {
    let output = try Self.text(of: [])
    // The example speaks first.
    let report = String(output[try #require(output.range(of: "\n{\n")).lowerBound...])
    #expect(try schema.errors(in: report) == [])
    let finding = try JSONValue(report)["findings"][0]
    #expect(finding["variable"]["name"].text == "Inventory.stock")
    #expect(finding["sides"].array.allSatisfy { $0["owner"]["kind"].text == "task" })
  }

  @Test func `a thread that runs no queue has none`() throws {
    let sides = try JSONValue(Self.shop)["findings"][0]["sides"].array
    #expect(sides.map { $0["owner"]["name"].text } == ["audit", "restock"])
    #expect(sides.map { $0.keys.contains("queue") } == [false, false])
  }

  /// Every value of a real report is spoilt in turn: the schema leaves nothing unsaid.
  @Test func `a spoilt report is rejected, whatever is spoilt`() throws {
    let report = try JSONSerialization.jsonObject(with: Data(Self.shop.utf8))
    let spoilt = Mutation.all(of: report)
    #expect(spoilt.count > 300)
    for mutation in spoilt {
      #expect(!schema.errors(in: mutation.report).isEmpty, "\(mutation.name) is not noticed")
    }
  }

  @Test func `the schema is of its dialect, and names the version that reports name`() throws {
    let schema = try JSONValue(
      TophashTestSupport.text(of: Self.documentation + "/Schemas/report-1.schema.json"))
    #expect(schema["$schema"].text == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["properties"]["schema"]["const"].text == "tophash-report/1")
    #expect(try JSONValue(Self.shop)["schema"].text == "tophash-report/1")
  }

  @Test func `the guide's example is a report of today`() throws {
    let guide = TophashTestSupport.text(of: Self.documentation + "/Guides/json-report.md")
    let example = String(try #require(guide.firstMatch(of: /```json\n((?s).*?)```/)?.1))
    #expect(try schema.errors(in: example) == [])
    #expect(try shape(of: JSONValue(example)) == shape(of: JSONValue(Self.shop)))
    // What does not depend on the run is the same, word for word.
    for key in ["message", "fingerprint", "variable", "advice", "consequence", "grade"] {
      #expect(
        try JSONValue(example)["findings"][0][key] == JSONValue(Self.shop)["findings"][0][key])
    }
  }

  @Test func `the guide speaks of every field at the top`() throws {
    let guide = TophashTestSupport.text(of: Self.documentation + "/Guides/json-report.md")
    for key in try JSONValue(Self.shop).keys { #expect(guide.contains("`\(key)")) }
  }

  /// The paths of all fields; elements of an array share theirs.
  private func shape(of value: JSONValue, at path: String = "$") -> Set<String> {
    Set([path])
      .union(value.keys.flatMap { shape(of: value[$0], at: "\(path).\($0)") })
      .union(value.array.flatMap { shape(of: $0, at: path + "[]") })
  }
}

/// A report with one thing wrong.
private struct Mutation {
  var name: String
  var report: Any

  /// `value` with each field renamed, and with each value replaced by one of a wrong kind;
  /// of an array two elements, as they are alike.
  static func all(of value: Any, at path: String = "$") -> [Mutation] {
    var mutations = [Mutation(name: "\(path) null", report: NSNull())]
    if let object = value as? [String: Any] {
      for (key, field) in object {
        var renamed = object
        renamed[key] = nil
        renamed[key + "X"] = field
        mutations.append(Mutation(name: "\(path).\(key) renamed", report: renamed))
        mutations += all(of: field, at: "\(path).\(key)").map { mutation in
          var changed = object
          changed[key] = mutation.report
          return Mutation(name: mutation.name, report: changed)
        }
      }
    } else if let array = value as? [Any] {
      for (index, element) in array.prefix(2).enumerated() {
        mutations += all(of: element, at: "\(path)[\(index)]").map { mutation in
          var changed = array
          changed[index] = mutation.report
          return Mutation(name: mutation.name, report: changed)
        }
      }
    } else {
      mutations.append(Mutation(name: "\(path) wrapped", report: [value]))
    }
    return mutations
  }
}
