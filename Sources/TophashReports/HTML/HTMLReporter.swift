import TophashFindings
import TophashSymbols

/// Writes a report as one page that needs nothing else: to send to a colleague, or to keep with a
/// build. What can be shown, folded and filtered without JavaScript is; a search needs it.
package struct HTMLReporter: Reporter {
  let paths: Paths
  let source: SourceCache

  package init(paths: Paths, source: SourceCache = SourceCache()) {
    self.paths = paths
    self.source = source
  }

  /// So many findings of one variable are shown in full, and so many in all: a browser gets slow
  /// with tens of thousands of stacks. The others are rows.
  static let fullPerVariable = 20
  static let fullInAll = 500

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    let open = report.open.count
    let title = open == 0 ? "nothing found" : Number.counted(UInt64(open), "finding")
    output.write("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
    output.write("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
    HTMLNode.tag("title", nil, [], "Tophash: \(title)").write(to: &output)
    output.write("\n<style>\n\(HTMLPage.style)</style>\n</head>\n<body>\n")
    header(report, title).write(to: &output)
    output.write("\n<main>\n")
    let groups = VariableGroup.groups(of: report.findings)
    var full = 0
    for group in groups { write(group, of: report, full: &full, to: &output) }
    if groups.isEmpty {
      HTMLNode.tag("p", "silence", [], "Nothing was caught in this run, in what could be seen.")
        .write(to: &output)
    }
    output.write("\n</main>\n")
    footer(report).write(to: &output)
    output.write("\n<script>\n\(HTMLPage.script)</script>\n</body>\n</html>\n")
  }

  private func header(_ report: Report, _ title: String) -> HTMLNode {
    .tag(
      "header", nil, [],
      .tag("h1", nil, [], .tag("span", "brand", [], "Tophash"), " \(title)"),
      .group(
        report.runs.prefix(3).map {
          .tag("p", "command", [], .tag("code", nil, [], "\($0.repeatCommand)"))
        }),
      .tag("div", "controls", [], .group(filters(report)), search, theme))
  }

  /// What can be hidden, each with how many there are.
  private func filters(_ report: Report) -> [HTMLNode] {
    FindingState.allCases.compactMap { state in
      let count = report.findings.count { FindingState($0) == state }
      guard count > 0 else { return nil }
      let isShown = state != .suppressed && state != .gone
      let input = [("type", "checkbox"), ("id", "show-\(state.rawValue)")]
      return .tag(
        "label", state.rawValue, [],
        .tag("input", nil, input + (isShown ? [("checked", "")] : [])),
        " \(Number.grouped(UInt64(count))) \(state.rawValue)")
    }
  }

  private var search: HTMLNode {
    .tag(
      "input", nil,
      [
        ("type", "search"), ("id", "search"), ("placeholder", "variable, function or file"),
        ("hidden", ""),
      ])
  }

  private var theme: HTMLNode {
    .tag(
      "fieldset", "theme", [], .tag("legend", nil, [], "Theme"),
      .group(
        ["system", "light", "dark"].map { name in
          let checked = name == "system" ? [("checked", "")] : []
          let radio = [("type", "radio"), ("name", "theme"), ("id", "theme-\(name)")]
          return .tag("label", nil, [], .tag("input", nil, radio + checked), " \(name)")
        }))
  }

  private func write(
    _ group: VariableGroup, of report: Report, full: inout Int,
    to output: inout some TextOutputStream
  ) {
    let count = min(Self.fullPerVariable, max(0, Self.fullInAll - full), group.findings.count)
    full += count
    let states = Set(group.findings.map { FindingState($0).rawValue }).sorted()
    output.write("<section class=\"variable \(states.joined(separator: " "))\">\n")
    HTMLNode.tag(
      "h2", nil, [], .tag("code", nil, [], .text(group.name)),
      .tag("span", "count", [], "\(Number.counted(UInt64(group.findings.count), "finding"))")
    ).write(to: &output)
    for finding in group.findings.prefix(count) {
      output.write("\n")
      HTMLFinding(finding, in: report, paths: paths, source: source).node.write(to: &output)
    }
    let rest = group.findings.dropFirst(count)
    if !rest.isEmpty {
      output.write("\n<table class=\"rest\">\n")
      for finding in rest { row(finding).write(to: &output) }
      output.write("</table>")
    }
    output.write("\n</section>\n")
  }

  /// A finding in one line.
  private func row(_ finding: Finding) -> HTMLNode {
    .tag(
      "tr", "finding \(FindingState(finding).rawValue)", [],
      .tag("td", nil, [], "\(finding.fingerprint)"), .tag("td", nil, [], "\(finding.grade.words)"),
      .group(
        finding.sides.map { side in
          .tag(
            "td", nil, [], "\(side.operation.rawValue) ",
            .tag("code", nil, [], .text(side.site?.placeText(paths) ?? "")))
        }), "\n")
  }

  private func footer(_ report: Report) -> HTMLNode {
    let lines = SummaryText(report).lines
    return .tag(
      "footer", nil, [],
      .tag("h2", nil, [], "What could be seen"),
      .tag("ul", nil, [], .group(lines.map { .tag("li", nil, [], .text($0)) })),
      .tag("p", nil, [], "Written by tophash \(toolVersion)."))
  }
}

/// What the page's filters tell apart.
enum FindingState: String, CaseIterable {
  case caught, unordered, suppressed, gone

  init(_ finding: Finding) {
    if finding.comparison == .gone {
      self = .gone
    } else if finding.suppression != nil {
      self = .suppressed
    } else {
      self = finding.grade == .caught ? .caught : .unordered
    }
  }
}
