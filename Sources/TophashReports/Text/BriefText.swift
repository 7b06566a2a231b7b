import TophashFindings

/// A finding in a few lines, for where the full report does not fit: what happened, both places,
/// the fingerprint.
package struct BriefText {
  package var lines: [String]

  package init(_ finding: Finding, _ paths: Paths) {
    let grade =
      switch finding.grade {
      case .caught: "race (caught)"
      case .unordered: "unordered (not proven)"
      }
    lines =
      ["\(grade): \(finding.headline)"]
      + finding.sides.map { side in
        let place = side.site?.placeText(paths) ?? ""
        let function = side.site.map { " in \($0.functionText)" } ?? ""
        return "\(side.owner): \(side.operation.rawValue) at \(place)\(function)"
      }
      + ["reported in full when the run ends [\(finding.fingerprint)]"]
  }
}
