import TophashFindings
import TophashSymbols

/// Writes findings as GitLab reads them for its code quality: a list in JSON, after Code Climate's.
package struct GitLabReporter: Reporter {
  package var paths: Paths

  package init(paths: Paths) {
    self.paths = paths
  }

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    var numbers = FindingNumbers()
    // GitLab keeps one issue for each fingerprint.
    let issues = report.open.map { (finding: $0, name: numbers.name($0)) }
    JSONOutput.write(issues, indent: 0, as: { Issue($0.finding, $0.name, paths) }, to: &output)
    output.write("\n")
  }

  private struct Issue: Encodable {
    struct Location: Encodable {
      struct Lines: Encodable {
        var begin: Int
      }

      var path: String
      var lines: Lines

      init(_ site: Frame?, _ paths: Paths) {
        path = paths.relative(site?.location?.file ?? site?.image ?? "unknown")
        lines = Lines(begin: site?.location?.line ?? 1)
      }
    }

    struct Content: Encodable {
      var body: String
    }

    var type = "issue"
    var check_name: String
    var description: String
    var categories = ["Bug Risk"]
    var severity: String
    var fingerprint: String
    var location: Location
    var content: Content
    var other_locations: [Location]

    init(_ finding: Finding, _ name: String, _ paths: Paths) {
      check_name = finding.rule.rawValue
      description = "\(finding.grade.words): \(finding.headline)"
      severity = finding.grade == .caught ? "critical" : "minor"
      fingerprint = name
      let first = finding.place?.side ?? finding.open
      location = Location(first.site, paths)
      other_locations = finding.sides.filter { $0 != first }.map { Location($0.site, paths) }
      content = Content(
        body: ([finding.consequence] + finding.advice).joined(separator: "\n"))
    }
  }
}

/// Tells findings apart that share a fingerprint: places of the same two functions.
struct FindingNumbers {
  private var counts: [Fingerprint: Int] = [:]

  /// Counts up from 1 for each fingerprint.
  mutating func next(_ finding: Finding) -> Int {
    counts[finding.fingerprint, default: 0] += 1
    return counts[finding.fingerprint, default: 0]
  }

  /// The fingerprint, with a number from the second on.
  mutating func name(_ finding: Finding) -> String {
    let number = next(finding)
    return number == 1 ? "\(finding.fingerprint)" : "\(finding.fingerprint):\(number)"
  }
}
