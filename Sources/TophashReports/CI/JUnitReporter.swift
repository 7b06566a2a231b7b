import TophashFindings
import TophashSymbols

/// Writes findings as failed tests, in the XML that JUnit's users have agreed on: a suite for each
/// variable. What is suppressed or not proven is skipped.
package struct JUnitReporter: Reporter {
  private let paths: Paths
  private let isStrict: Bool
  private let text: TextReporter

  /// - Parameter isStrict: whether candidates fail, too.
  package init(paths: Paths, isStrict: Bool = false, source: SourceCache = SourceCache()) {
    self.paths = paths
    self.isStrict = isStrict
    text = TextReporter(paths: paths, source: source)
  }

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    let findings = report.findings.filter { $0.comparison != .gone }
    output.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    output.write("<testsuites\(attributes([("name", "tophash")] + counts(findings)))>\n")
    for group in VariableGroup.groups(of: findings) {
      output.write("  <testsuite\(attributes([("name", group.name)] + counts(group.findings)))>\n")
      for finding in group.findings { output.write(test(finding, report)) }
      output.write("  </testsuite>\n")
    }
    if findings.isEmpty {
      // A file without a test looks to many as if nothing had run.
      let counts = [("tests", "1"), ("failures", "0"), ("skipped", "0")]
      output.write("  <testsuite\(attributes([("name", "tophash")] + counts))>\n")
      output.write("    <testcase classname=\"tophash\" name=\"nothing was caught\"/>\n")
      output.write("  </testsuite>\n")
    }
    output.write("</testsuites>\n")
  }

  private func fails(_ finding: Finding) -> Bool {
    finding.isOpen && (isStrict || finding.grade == .caught)
  }

  private func counts(_ findings: [Finding]) -> [(String, String)] {
    let failures = findings.count(where: fails)
    let count = findings.isEmpty ? 1 : findings.count
    return [
      ("tests", "\(count)"), ("failures", "\(failures)"),
      ("skipped", "\(findings.count - failures)"),
    ]
  }

  private func test(_ finding: Finding, _ report: Report) -> String {
    var test = [
      ("classname", finding.variable.qualifiedName),
      ("name", "\(finding.rule.rawValue) \(finding.fingerprint)"),
    ]
    if let location = finding.place?.location {
      test += [("file", paths.relative(location.file)), ("line", "\(location.line)")]
    }
    let message = "\(finding.grade.words): \(finding.headline)"
    let body: String
    if fails(finding) {
      let failure = attributes([("message", message), ("type", finding.rule.rawValue)])
      body = "<failure\(failure)>\(XML.escaped(text.block(for: finding, in: report)))</failure>"
    } else {
      let reason = finding.suppression.map { "suppressed by \($0.place): \($0.reason)" }
      body = "<skipped\(attributes([("message", reason ?? message)]))/>"
    }
    return "    <testcase\(attributes(test))>\n      \(body)\n    </testcase>\n"
  }

  private func attributes(_ list: [(String, String)]) -> String {
    list.map { " \($0)=\"\(XML.escaped($1, isAttribute: true))\"" }.joined()
  }
}

/// Text within XML.
enum XML {
  /// Without markup, and without what XML 1.0 cannot hold in any form.
  static func escaped(_ text: String, isAttribute: Bool = false) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\"" where isAttribute: result += "&quot;"
      case "\n" where isAttribute, "\t" where isAttribute:
        // Written as it is, a parser would read a space.
        result += "&#\(scalar.value);"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\r": result += "&#13;"
      case "\u{0}"..<"\u{20}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
