/// Why a finding is left out of what has to be looked at. It stays in reports for programs.
package struct Suppression: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, Codable {
    /// A comment at one of the two accesses.
    case comment
    /// A line of a suppression file.
    case file
    /// It was there when the baseline was written.
    case baseline
  }

  package var kind: Kind
  /// The line that says so: `Sources/Shop/Inventory.swift:40`, `.tophash-suppressions:3`; of a
  /// baseline, its file.
  package var place: String
  /// In the words of whoever wrote it.
  package var reason: String

  package init(kind: Kind, place: String, reason: String) {
    self.kind = kind
    self.place = place
    self.reason = reason
  }
}
