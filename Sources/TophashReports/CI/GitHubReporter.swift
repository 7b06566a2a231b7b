import TophashFindings
import TophashSymbols

/// Writes findings as commands that GitHub's runner turns into annotations.
///
/// The runner keeps ten errors and ten warnings of a step; what is more is counted in a notice. The
/// job's summary, in Markdown, has all.
package struct GitHubReporter: Reporter {
  package var paths: Paths

  package init(paths: Paths) {
    self.paths = paths
  }

  /// So many of each severity does the runner keep.
  static let mostAnnotations = 10

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    for (grade, command) in [(Grade.caught, "error"), (.unordered, "warning")] {
      let findings = report.open.filter { $0.grade == grade }
      for finding in findings.prefix(Self.mostAnnotations) {
        output.write(annotation(command, finding, report) + "\n")
      }
      let others = findings.count - Self.mostAnnotations
      guard others > 0 else { continue }
      let words = Number.counted(UInt64(others), "further \(grade.rawValue) finding")
      output.write("::notice title=Tophash::\(words): see the summary\n")
    }
  }

  private func annotation(_ command: String, _ finding: Finding, _ report: Report) -> String {
    var properties: [(String, String)] = []
    if let location = finding.place?.location {
      properties.append(("file", paths.relative(location.file)))
      properties.append(("line", "\(location.line)"))
      if location.column > 0 { properties.append(("col", "\(location.column)")) }
    }
    properties.append(("title", "\(finding.grade.words): \(finding.variable.shown)"))
    var lines = [finding.headline]
    for side in finding.sides {
      let site = side.site.map { ": \($0.placeText(paths)) in \($0.functionText)" } ?? ""
      lines.append("\(side.owner) \(finding.deed(of: side))\(site)")
    }
    lines += finding.advice.map { "fix: \($0)" }
    lines.append("again: \(report.repeatCommand(for: finding)) [\(finding.fingerprint)]")
    let list = properties.map { "\($0)=\(Self.escaped($1, isProperty: true))" }
    return "::\(command) \(list.joined(separator: ","))::"
      + Self.escaped(lines.joined(separator: "\n"))
  }

  /// What ends a command or one of its properties is written in percents.
  static func escaped(_ text: String, isProperty: Bool = false) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case ":" where isProperty: result += "%3A"
      case "," where isProperty: result += "%2C"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
