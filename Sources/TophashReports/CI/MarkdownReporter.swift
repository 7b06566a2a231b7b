import TophashFindings
import TophashSymbols

/// Writes a report in Markdown: a table of what was found, then each finding behind a fold. For the
/// summary of a job, which takes a mebibyte, or for a comment.
package struct MarkdownReporter: Reporter {
  private let paths: Paths
  private let text: TextReporter

  package init(paths: Paths, source: SourceCache = SourceCache()) {
    self.paths = paths
    text = TextReporter(paths: paths, source: source)
  }

  /// So many rows, and findings in full, keep it far below a mebibyte.
  static let mostRows = 200
  static let mostInFull = 20

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    let open = report.open
    let count = open.isEmpty ? "nothing found" : Number.counted(UInt64(open.count), "finding")
    output.write("## Tophash: \(count)\n")
    if !open.isEmpty {
      output.write("\n| | variable | one access | the other | |\n|---|---|---|---|---|\n")
      for finding in open.prefix(Self.mostRows) { output.write(row(finding)) }
      let others = open.count - Self.mostRows
      if others > 0 { output.write("\n\(Number.counted(UInt64(others), "further finding")).\n") }
      for finding in open.prefix(Self.mostInFull) { output.write(details(finding, report)) }
    }
    let summary = SummaryText(report).lines
    if !summary.isEmpty {
      output.write("\n" + summary.map { "- \(Self.escaped($0))\n" }.joined())
    }
  }

  private func row(_ finding: Finding) -> String {
    let sides = finding.sides.map { side in
      "\(side.operation.rawValue) " + (side.site.map { Self.code($0.placeText(paths)) } ?? "")
    }
    return "| \(finding.grade.words) | \(Self.code(finding.variable.shown)) | \(sides[0])"
      + " | \(sides[1]) | \(finding.fingerprint) |\n"
  }

  private func details(_ finding: Finding, _ report: Report) -> String {
    let block = text.block(for: finding, in: report)
    let fence = Self.fence(around: block)
    return "\n<details><summary>\(Self.escaped(finding.headline))</summary>\n\n"
      + "\(fence)text\n\(block)\(fence)\n\n</details>\n"
  }

  /// Code in a table, where a bar would end the cell.
  static func code(_ text: String) -> String {
    let ticks = String(repeating: "`", count: longestTicks(text) + 1)
    let pad = text.hasPrefix("`") || text.hasSuffix("`") ? " " : ""
    return ticks + pad + text.replacing("|", with: "\\|") + pad + ticks
  }

  /// Longer than any row of back ticks within.
  static func fence(around text: String) -> String {
    String(repeating: "`", count: max(3, longestTicks(text) + 1))
  }

  private static func longestTicks(_ text: String) -> Int {
    var (longest, current) = (0, 0)
    for character in text {
      current = character == "`" ? current + 1 : 0
      longest = max(longest, current)
    }
    return longest
  }

  /// Text in which nothing is markup.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\\", "`", "*", "_", "[", "]", "|", "#": result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result
  }
}
