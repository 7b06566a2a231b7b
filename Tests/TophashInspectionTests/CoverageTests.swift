import Testing
import TophashSymbols

@testable import TophashInspection

@Suite struct CoverageTests {
  private static func site(_ address: UInt64, isTracked: Bool = true) -> AccessSite {
    AccessSite(
      address: address, kind: .modify, isTracked: isTracked, isIdle: false,
      function: "f\(address)", location: nil)
  }

  @Test func `what ran and what was shared stands with each variable`() {
    func variable(_ name: String, _ sites: [AccessSite]) -> InspectedVariable {
      InspectedVariable(
        variable: Variable(kind: .global, module: "Shop", name: name, type: "Int"),
        visibility: .tracked, sites: sites, uncheckedFunctions: 0)
    }
    let inspection = Inspection(
      binary: "shop", buildID: nil,
      variables: [
        variable("cold", [Self.site(1)]),
        variable("own", [Self.site(2), Self.site(3, isTracked: false)]),
        variable("shared", [Self.site(4), Self.site(5)]),
      ], unresolved: [], sharedGates: 0, isExclusivityChecked: true, hasSymbols: true,
      hasLines: true, unreadFunctions: 0)
    let text = InspectionText(listsSites: true, activity: SiteActivity(ran: [2, 4], shared: [4]))
    #expect(
      text.text(for: inspection) == """
        shop
          3 variables: 3 tracked
          5 access sites: 4 tracked, 1 instantaneous
          of the tracked sites 2 ran; 1 variable used by several tasks or threads

        tracked: accesses that overlap are caught
          cold : Int    1 change; none ran
            tracked modify                f1
          own : Int     2 changes (1 instantaneous); 1 of 1 ran
            tracked modify        ran     f2
            instantaneous modify          f3
          shared : Int  2 changes; 1 of 2 ran, shared
            tracked modify        shared  f4
            tracked modify                f5

        """)
  }

  @Test(arguments: [Program.Build.debug, .release])
  func `the name of a call leads back to it`(build: Program.Build) throws {
    let program = Program(name: "Closures", build: build)
    let calls = AccessCalls(try ElfImage(path: program.path))
    let sites = try program.inspection().sites.filter { $0.kind != .gate }
    #expect(sites.count > 10)
    var names: Set<AccessCalls.Name> = []
    for site in sites {
      let name = try #require(calls.name(of: site.address))
      #expect(calls.address(of: name) == site.address)
      names.insert(name)
    }
    #expect(names.count == sites.count)
    #expect(calls.name(of: sites[0].address + 1) == nil)
    #expect(calls.address(of: AccessCalls.Name(symbol: "$sNone", call: 0)) == nil)
  }

  @Test func `a stripped program has no names`() throws {
    let program = Program(name: "Shop", build: .stripped)
    let calls = AccessCalls(try ElfImage(path: program.path))
    for site in try program.inspection().unresolved {
      #expect(calls.name(of: site.address) == nil)
    }
  }
}
