import Foundation

/// The scenarios of `Examples/`, as `twins.json` lists them.
package struct Catalogue: Decodable, Sendable {
  /// One way to misuse shared data: a racy program, and its fixed twin.
  package struct Entry: Decodable, Hashable, Sendable {
    package struct Race: Decodable, Hashable, Sendable {
      package var variable: String
      package var type: String?
    }

    package var program: String
    package var scenario: String
    /// What `tophash explain` calls it; `nil` for one that has no page.
    package var misuse: String?
    /// The same misuse of a `FailFastDictionary`, where there is one.
    package var failFast: String?
    /// `nil` when every access is guarded, and the mistake is one of logic.
    package var race: Race?
    /// `unordered` when the two sides never meet.
    package var grade: String?

    /// `WriteWrite/insert`.
    package var name: String { "\(program)/\(scenario)" }

    /// What the racy program is called with.
    package var arguments: [String] {
      [scenario, "racy", grade == "unordered" ? "once" : "tasks"]
    }
  }

  package var twins: [Entry]

  /// - Throws: what is wrong with the file.
  package init(examples folder: String) throws {
    let file = URL(filePath: folder).appending(path: "twins.json")
    self = try JSONDecoder().decode(Catalogue.self, from: Data(contentsOf: file))
  }

  /// The entry of that name; the program may be left out where one scenario has the name, and a
  /// misuse stands for the first of its entries.
  package func entry(named name: String) -> Entry? {
    if let exact = twins.first(where: { $0.name == name }) { return exact }
    let scenarios = twins.filter { $0.scenario == name }
    return scenarios.count == 1 ? scenarios[0] : twins.first { $0.misuse == name }
  }
}
