import Testing
import TophashTestSupport

/// What a newcomer does first: the built `tophash` on the bundled example.
@Suite struct FirstCommandTests {
  @Test func `without a program the bundled example shows a finding`() throws {
    let run = try BuiltTool.run(["run"])
    #expect(run.end == .exited(66))
    let first = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("race") })
    #expect(
      first
        == "race (caught): two tasks changed Inventory.stock : [String: Int] at the same time")
    for part in [
      "\"restock\"   modify   ", "\"order\"     modify   ", "Inventory.swift:19",
      "Inventory.swift:24", "Inventory.add(_:count:)", "Inventory.remove(_:count:)",
      "[T-01082847]",
    ] {
      #expect(run.output.contains(part), "\(part) is not in \(run.output)")
    }
    #expect(
      run.errors.hasPrefix(
        "tophash: no program was named: running the bundled example, Inventory\n"))
  }
}
