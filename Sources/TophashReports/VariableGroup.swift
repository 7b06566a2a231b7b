import TophashFindings

/// The findings of one variable.
struct VariableGroup {
  /// Name and type: `Inventory.stock : [String: Int]`.
  var name: String
  var findings: [Finding]

  /// The groups in the order of their first findings.
  ///
  /// - Complexity: O(*n*) expected.
  static func groups(of findings: [Finding]) -> [VariableGroup] {
    var groups: [VariableGroup] = []
    var places: [String: Int] = [:]
    for finding in findings {
      let key = "\(finding.variable.module ?? "").\(finding.variable.shown)"
      if let place = places[key] {
        groups[place].findings.append(finding)
      } else {
        places[key] = groups.count
        groups.append(VariableGroup(name: finding.variable.shown, findings: [finding]))
      }
    }
    return groups
  }
}
