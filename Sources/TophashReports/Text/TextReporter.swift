import TophashFindings
import TophashSymbols

/// Writes findings for people, in the order in which they read: what happened, where, how it came
/// there, what it does, how it is repaired, how it is seen again.
package struct TextReporter: Reporter {
  package var style: Style
  package var paths: Paths
  private let source: SourceCache

  package init(
    style: Style = Style(isColored: false), paths: Paths, source: SourceCache = SourceCache()
  ) {
    self.style = style
    self.paths = paths
    self.source = source
  }

  /// So many findings of one variable are told in full, and so many in all; of the others, their
  /// places. Whoever has thousands needs an overview first.
  static let fullPerVariable = 5
  static let fullInAll = 100

  /// The findings by variable, with an empty line between; empty without findings.
  ///
  /// Of a comparison, what is new is told in full, the rest in lists.
  package func write(_ report: Report, to output: inout some TextOutputStream) {
    var parts = Parts(output: output)
    var full = 0
    for group in VariableGroup.groups(of: report.open.filter { $0.comparison != .still }) {
      let count = min(Self.fullPerVariable, max(0, Self.fullInAll - full), group.findings.count)
      for finding in group.findings.prefix(count) { parts.add(block(for: finding, in: report)) }
      full += count
      let rest = group.findings.dropFirst(count)
      let places =
        "\(Number.counted(UInt64(rest.count), "\(count > 0 ? "more " : "")pair")) of places"
      parts.add(list(rest, titled: "\(places) that reach \(group.name):"))
    }
    let gone = report.findings.filter { $0.comparison == .gone }
    let still = report.open.filter { $0.comparison == .still }
    parts.add(list(still[...], titled: "still there:", namesVariables: true))
    parts.add(list(gone[...], titled: "not found any more:", namesVariables: true))
    output = parts.output
  }

  /// One line for each.
  private func list(
    _ findings: ArraySlice<Finding>, titled title: String, namesVariables: Bool = false
  ) -> String {
    guard !findings.isEmpty else { return "" }
    var columns = Columns()
    for finding in findings {
      let places = finding.sides.map { "\($0.operation) \($0.site?.placeText(paths) ?? "")" }
      let name = namesVariables ? [finding.variable.shown] : []
      columns.add([finding.fingerprint.description, finding.grade.rawValue] + name + places)
    }
    let lines = [style.strong(title)] + columns.lines(indent: "  ")
    return lines.map { $0 + "\n" }.joined()
  }

  /// Writes parts with an empty line between.
  private struct Parts<Output: TextOutputStream> {
    var output: Output
    private var isFirst = true

    init(output: Output) {
      self.output = output
    }

    mutating func add(_ part: String) {
      guard !part.isEmpty else { return }
      output.write(isFirst ? part : "\n" + part)
      isFirst = false
    }
  }

  /// One finding in full.
  func block(for finding: Finding, in report: Report) -> String {
    var lines = [headline(finding)]
    lines += table(finding)
    lines += finding.testLines.map { "  " + $0 }
    for side in finding.sides { lines += [""] + section(side, finding) }
    lines += [""] + closing(finding, report)
    return lines.map { $0 + "\n" }.joined()
  }

  private func headline(_ finding: Finding) -> String {
    let words = finding.grade.words + ":"
    let grade =
      switch finding.grade {
      case .caught: style.alarm(words)
      case .unordered: style.doubt(words)
      }
    let standing = finding.comparison == .new ? style.strong("new: ") : ""
    return standing + grade + " " + style.strong(finding.headline)
  }

  /// The two sides in columns.
  private func table(_ finding: Finding) -> [String] {
    var columns = Columns()
    for side in finding.sides {
      columns.add(
        side.owner.description, side.operation.rawValue, side.site?.placeText(paths) ?? "",
        side.site?.functionText ?? "")
    }
    return columns.lines(indent: "  ", gap: 3, paints: [{ $0 }, { $0 }, style.place])
  }

  /// One side with its source line and its stack.
  private func section(_ side: Side, _ finding: Finding) -> [String] {
    var title = "  \(side.owner) \(finding.deed(of: side))"
    let notes = side.notes
    if !notes.isEmpty { title += " (\(notes.joined(separator: "; ")))" }
    var lines = [title]
    if let location = side.site?.location, let excerpt = Excerpt(at: location, in: source) {
      lines += excerpt.lines(indent: "    ", style: style)
    }
    let stack = StackText(side, variable: finding.variable)
    return lines + stack.lines(indent: "    ", paths: paths, style: style)
  }

  private func closing(_ finding: Finding, _ report: Report) -> [String] {
    var lines = ["  could have happened: \(finding.consequence)"]
    for (index, advice) in finding.advice.enumerated() {
      lines.append((index == 0 ? "  fix: " : "       ") + advice)
    }
    lines.append("  explained: tophash explain \(finding.rule.rawValue)")
    if finding.grade == .unordered {
      lines.append("  tried: \(finding.triedText)")
      lines.append(
        "  no race if: they are ordered by something that makes no call, such as an Atomic")
      lines.append(
        "  proof: a run in which the two meet; traps hold accesses open for that, so run it again")
    }
    lines.append("  again: \(report.repeatCommand(for: finding))")
    lines.append("  seen \(finding.seen)   [\(finding.fingerprint)]")
    return lines
  }
}
