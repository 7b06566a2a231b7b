import Testing
import TophashInspection
import TophashSymbols
import TophashTestSupport

@Suite struct InspectionJSONTests {
  private static func site(_ kind: AccessSite.Kind, isTracked: Bool) -> AccessSite {
    AccessSite(
      address: 0x2a, kind: kind, isTracked: isTracked, isIdle: false, function: "Shelf.add(_:)",
      location: SourceLocation(file: "/shop/Shelf.swift", line: 3, column: 0))
  }

  private static func inspection(_ variables: [InspectedVariable]) -> Inspection {
    var unknown = site(.unknown, isTracked: false)
    unknown.location = nil
    return Inspection(
      binary: "shop", buildID: nil, variables: variables, unresolved: [unknown], sharedGates: 4,
      isExclusivityChecked: true, hasSymbols: true, hasLines: true, unreadFunctions: 0)
  }

  @Test func `every visibility, reason and kind of site fits the schema`() throws {
    let variable = Variable(kind: .unknown, module: nil, name: "x", type: nil)
    var variables = BlindReason.allCases.map { reason in
      InspectedVariable(
        variable: variable, visibility: .nothing, reason: reason, sites: [], uncheckedFunctions: 1)
    }
    for visibility in Visibility.allCases {
      variables.append(
        InspectedVariable(
          variable: Variable(
            kind: .actorProperty, module: "Shop", name: "Shelf.stock", type: "[String: Int]",
            qualifiedType: "Swift.Dictionary<Swift.String, Swift.Int>"),
          visibility: visibility,
          sites: [Self.site(.modify, isTracked: true), Self.site(.gate, isTracked: false)],
          uncheckedFunctions: 0))
    }
    let text = InspectionJSON(toolVersion: "1.0").text(for: Self.inspection(variables))
    #expect(try JSONSchema(documented: "inspection-1").errors(in: text) == [])
  }

  @Test func `the whole object of one variable`() {
    let variable = InspectedVariable(
      variable: Variable(kind: .global, module: "Shop", name: "total", type: "Int"),
      visibility: .instantaneous, sites: [Self.site(.read, isTracked: false)],
      uncheckedFunctions: 2)
    #expect(
      InspectionJSON(toolVersion: "1.0").text(for: Self.inspection([variable])) == """
        {
          "binary" : {
            "architecture" : "x86_64",
            "exclusivityChecks" : true,
            "lines" : true,
            "path" : "shop",
            "symbols" : true,
            "unreadFunctions" : 0
          },
          "schema" : "tophash-inspection/1",
          "tool" : {
            "name" : "tophash",
            "version" : "1.0"
          },
          "totals" : {
            "gates" : 0,
            "instantaneous" : 2,
            "sharedGates" : 4,
            "tracked" : 0,
            "unresolved" : 1,
            "variables" : {
              "gate" : 0,
              "instantaneous" : 1,
              "nothing" : 0,
              "tracked" : 0,
              "unclear" : 0
            }
          },
          "unresolved" : [
            {
              "address" : "0x2a",
              "function" : "Shelf.add(_:)",
              "idle" : false,
              "kind" : "unknown",
              "tracked" : false
            }
          ],
          "variables" : [
            {
              "kind" : "global",
              "module" : "Shop",
              "name" : "total",
              "sites" : [
                {
                  "address" : "0x2a",
                  "file" : "/shop/Shelf.swift",
                  "function" : "Shelf.add(_:)",
                  "idle" : false,
                  "kind" : "read",
                  "line" : 3,
                  "tracked" : false
                }
              ],
              "type" : "Int",
              "uncheckedFunctions" : 2,
              "visibility" : "instantaneous"
            }
          ]
        }

        """)
  }
}
