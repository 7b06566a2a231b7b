/// How well a finding is proven. Grades are never mixed in one sentence.
package enum Grade: String, Sendable, Codable, CaseIterable {
  /// Both accesses were open at the same moment: cannot be false.
  case caught
}
