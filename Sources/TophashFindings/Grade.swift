/// How well a finding is proven, the best proof first. Grades are never mixed in one sentence.
package enum Grade: String, Sendable, Codable, CaseIterable {
  /// Both accesses were open at the same moment: cannot be false.
  case caught
  /// Nothing was seen that orders the two accesses: a candidate, false where they were ordered
  /// in a way that cannot be seen.
  case unordered
}
