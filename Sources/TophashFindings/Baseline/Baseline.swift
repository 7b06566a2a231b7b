import Foundation

/// The findings that a project has decided to live with for now. It only shrinks: what is found
/// no more is taken out, and nothing is ever added but by writing a new one.
///
/// A finding is known by its fingerprint, so that it stays known while lines move. The text has
/// one a line, sorted, so that two changes of it merge by lines.
package struct Baseline: Hashable, Sendable {
  package struct Entry: Hashable, Sendable, Codable {
    package var fingerprint: Fingerprint
    /// For whoever reads the file.
    package var message: String
    package var rule: Rule
  }

  /// Where it is read and written.
  package var path: String
  package private(set) var entries: [Fingerprint: Entry]

  /// The first one: all of `findings`, each with its message.
  package init(path: String, _ findings: [(finding: Finding, message: String)]) {
    self.path = path
    entries = [:]
    for (finding, message) in findings {
      entries[finding.fingerprint] = Entry(
        fingerprint: finding.fingerprint, message: message, rule: finding.rule)
    }
  }

  /// Reads the text of the file at `path`.
  ///
  /// - Throws: what is wrong with it, with the place.
  package init(path: String, text: [UInt8]) throws(TextFailure) {
    self.path = path
    let content = try JSONText(text, file: path).decode(
      Content.self, schema: Content.name, called: "a baseline")
    entries = [:]
    for entry in content.findings { entries[entry.fingerprint] = entry }
  }

  package var count: Int { entries.count }

  package func holds(_ finding: Finding) -> Bool { entries[finding.fingerprint] != nil }

  /// Without the entries that are not among `findings`.
  package func shrunk(to findings: [Finding]) -> Baseline {
    var baseline = self
    let found = Set(findings.map(\.fingerprint))
    baseline.entries = entries.filter { found.contains($0.key) }
    return baseline
  }

  package var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = entries.values.sorted { $0.fingerprint.description < $1.fingerprint.description }
      .compactMap { entry in
        (try? encoder.encode(entry)).map { "    " + String(decoding: $0, as: UTF8.self) }
      }
    let list = lines.isEmpty ? "[]" : "[\n" + lines.joined(separator: ",\n") + "\n  ]"
    return "{\n  \"findings\": \(list),\n  \"schema\": \"\(Content.name)\"\n}\n"
  }

  private struct Content: Decodable {
    static let name = "tophash-baseline/1"

    var findings: [Entry]
  }
}
