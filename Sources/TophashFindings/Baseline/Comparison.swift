/// How a finding stands to an earlier report.
package enum Comparison: String, Hashable, Sendable, Codable {
  /// It was not there.
  case new
  /// It was, and still is.
  case still
  /// It was there, and no more. That it was not seen again does not prove that it is repaired.
  case gone

  /// `findings` with their standing, and behind them what was in `earlier` alone.
  ///
  /// - Complexity: O(*n* + *m*).
  package static func of(_ findings: [Finding], to earlier: [Finding]) -> [Finding] {
    let before = Set(earlier.map(\.fingerprint))
    let now = Set(findings.map(\.fingerprint))
    let compared = findings.map { finding in
      var finding = finding
      finding.comparison = before.contains(finding.fingerprint) ? .still : .new
      return finding
    }
    let gone = earlier.filter { !now.contains($0.fingerprint) }.map { finding in
      var finding = finding
      finding.comparison = .gone
      return finding
    }
    return compared + gone
  }
}
