import Testing
import TophashSymbols
import TophashTestSupport

@testable import TophashFindings
@testable import TophashReports

@Suite struct WatchJSONTests {
  private static func watched(_ operation: WatchOperation, object: Int) -> WatchedVariable {
    var watched = WatchedVariable(
      variable: Variable(
        kind: .classProperty, module: "Shop", name: "Shelf.stock", type: "[String: Int]"),
      length: 8, size: 8)
    watched.sites = [
      WatchSite(
        operation: operation, side: Samples.restock, count: 2,
        owners: [(.task(id: 2, name: "fill"), 2)])
    ]
    watched.hits = [
      WatchHit(
        nanoseconds: 0, pid: 7, object: object, owner: .task(id: 2, name: "fill"), site: 0,
        before: nil, after: 0x10),
      WatchHit(
        nanoseconds: 90, pid: 7, object: object, owner: .task(id: 2, name: "fill"), site: 0,
        before: 0x10, after: nil),
    ]
    return watched
  }

  @Test func `every operation, method and hit fits the schema`() throws {
    for operation in [WatchOperation.read, .write, .atomic, .modify] {
      for isSoftware in [false, true] {
        let report = WatchReport(
          variables: [
            Self.watched(operation, object: 0), Self.watched(operation, object: 3),
            WatchedVariable(
              variable: Variable(kind: .global, module: nil, name: "total", type: nil), length: 4,
              size: nil),
          ], isSoftware: isSoftware, passed: 1, late: 2, lost: 3, pauses: 4, isOver: isSoftware,
          command: ["app", "x y"])
        let text = WatchJSON(paths: Paths(directory: "/src")).text(for: report)
        #expect(try JSONSchema(documented: "watch-1").errors(in: text) == [])
      }
    }
  }
}
