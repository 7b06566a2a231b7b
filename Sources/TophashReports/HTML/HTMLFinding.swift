import TophashFindings
import TophashSymbols

/// One finding on the page.
struct HTMLFinding {
  private let finding: Finding
  private let report: Report
  private let paths: Paths
  private let source: SourceCache

  init(_ finding: Finding, in report: Report, paths: Paths, source: SourceCache) {
    self.finding = finding
    self.report = report
    self.paths = paths
    self.source = source
  }

  var node: HTMLNode {
    .tag(
      "article", "finding \(FindingState(finding).rawValue)", [],
      .tag(
        "h3", nil, [], .tag("span", "grade", [], .text(finding.grade.words)), " \(finding.headline)"
      ),
      standing, HTMLTimeline(finding, paths: paths).node,
      .tag("div", "sides", [], .group(finding.sides.map(side))), closing)
  }

  private var standing: HTMLNode {
    let suppression = finding.suppression.map {
      HTMLNode.tag(
        "p", "note", [], "suppressed by ", .tag("code", nil, [], .text($0.place)), ": \($0.reason)")
    }
    let comparison = finding.comparison.map {
      HTMLNode.tag("p", "note", [], "compared: \($0.rawValue)")
    }
    return .group([suppression, comparison].compactMap(\.self))
  }

  private func side(_ side: Side) -> HTMLNode {
    let notes = side.notes.isEmpty ? "" : " (\(side.notes.joined(separator: "; ")))"
    return .tag(
      "section", "side", [],
      .tag(
        "h4", nil, [], .tag("span", "owner", [], .text(side.owner.description)),
        " \(finding.deed(of: side))\(notes)"),
      excerpt(side), stack(side))
  }

  /// The line of the access, and some around it.
  private func excerpt(_ side: Side) -> HTMLNode {
    guard let location = side.site?.location,
      source.line(location.line, of: location.file) != nil
    else { return .nothing }
    let first = max(1, location.line - Self.linesAround)
    let lines = (first...(location.line + Self.linesAround)).compactMap { number in
      source.line(number, of: location.file).map { (number: number, text: $0) }
    }
    let width = String(location.line + Self.linesAround).count
    return .tag(
      "pre", "excerpt", [],
      .group(
        lines.map { number, text in
          let digits = String(number)
          let margin = String(repeating: " ", count: width - digits.count) + digits
          return .tag(
            "span", number == location.line ? "line hit" : "line", [],
            .tag("span", "number", [], .text(margin + "  ")), .text(text + "\n"))
        }))
  }

  private static let linesAround = 2

  private func stack(_ side: Side) -> HTMLNode {
    .tag(
      "ol", "stack", [],
      .group(
        ShownStack(side, variable: finding.variable).rows.map { row in
          switch row {
          case .frame(let frame, let isAwaited): item(frame, isAwaited: isAwaited)
          case .folded(let frames): folded(frames)
          }
        }))
  }

  private func item(_ frame: Frame, isAwaited: Bool = false) -> HTMLNode {
    .tag(
      "li", nil, [], .text(isAwaited ? "awaited by " : ""),
      .tag("code", "function", [], .text(frame.functionText)), " ",
      .tag("span", "place", [], .text(frame.placeText(paths))))
  }

  private func folded(_ frames: [Frame]) -> HTMLNode {
    .tag(
      "li", "runtime", [],
      .tag(
        "details", nil, [],
        .tag("summary", nil, [], "\(Number.counted(UInt64(frames.count), "runtime frame"))"),
        .tag("ol", nil, [], .group(frames.map { item($0) }))))
  }

  private var closing: HTMLNode {
    var rows: [(String, HTMLNode)] = [
      ("could have happened", .text(finding.consequence)),
      ("fix", .group(finding.advice.map { .tag("p", nil, [], .text($0)) })),
    ]
    let tests = finding.testLines
    if !tests.isEmpty {
      rows.append(("tests", .group(tests.map { .tag("p", nil, [], .text($0)) })))
    }
    if finding.grade == .unordered {
      rows.append(("tried", .text(finding.triedText)))
      rows.append(
        ("no race if", "they are ordered by something that makes no call, such as an Atomic"))
    }
    rows += [
      ("again", .tag("code", nil, [], .text(report.repeatCommand(for: finding)))),
      ("seen", .text(finding.seen)),
      ("rule", .tag("code", nil, [], .text(finding.rule.rawValue))),
      ("fingerprint", .tag("code", nil, [], .text(finding.fingerprint.description))),
    ]
    return .tag(
      "dl", nil, [],
      .group(rows.map { .group([.tag("dt", nil, [], .text($0)), .tag("dd", nil, [], $1)]) }))
  }
}
