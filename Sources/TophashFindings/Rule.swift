/// What kind of misuse a finding is, told from its facts alone: what the two accesses do, and to
/// what. How well it is proven is its `Grade`; a caught and an unordered finding share a rule.
///
/// The raw values are what people write in suppressions and read in reports. They never change.
package enum Rule: String, Hashable, Sendable, Codable, CaseIterable {
  /// Two owners modify one variable.
  case concurrentModification = "concurrent-modification"
  /// One owner modifies a variable that another one reads.
  case concurrentReadAndModification = "concurrent-read-and-modification"
  /// Two owners change one collection's storage in place; the variable itself cannot be seen.
  case storageModification = "storage-modification"
}

extension Rule {
  /// The rule in one sentence, without its end.
  package var summary: String {
    switch self {
    case .concurrentModification: "two owners modify one variable, and nothing orders them"
    case .concurrentReadAndModification:
      "a variable is modified while another owner reads it, and nothing orders them"
    case .storageModification:
      "two owners change the storage of one collection in place, and nothing orders them"
    }
  }
}

extension Finding {
  /// The rule that it breaks.
  package var rule: Rule {
    if variable.kind == .storage { return .storageModification }
    return open.operation == begun.operation && open.operation == .modify
      ? .concurrentModification : .concurrentReadAndModification
  }
}
