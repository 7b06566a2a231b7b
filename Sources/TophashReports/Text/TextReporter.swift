import TophashFindings
import TophashSymbols

/// Writes findings for people, in the order in which they read: what happened, where, how it came
/// there, what it does, how it is repaired, how it is seen again.
package struct TextReporter {
  package var style: Style
  package var paths: Paths
  /// Gives the text of a source file for the excerpts.
  package var source: (String) -> String?

  package init(
    style: Style = Style(isColored: false), paths: Paths,
    source: @escaping (String) -> String? = SourceFile.read
  ) {
    self.style = style
    self.paths = paths
    self.source = source
  }

  /// The findings one after the other with an empty line between; empty without findings.
  package func text(for report: Report) -> String {
    report.findings.map { block(for: $0, in: report) }.joined(separator: "\n")
  }

  private func block(for finding: Finding, in report: Report) -> String {
    var lines = [headline(finding)]
    lines += table(finding)
    lines += finding.testLines.map { "  " + $0 }
    for (side, other) in zip(finding.sides, finding.sides.reversed()) {
      lines += [""] + section(side, beside: other, finding)
    }
    lines += [""] + closing(finding, report)
    return lines.map { $0 + "\n" }.joined()
  }

  private func headline(_ finding: Finding) -> String {
    let grade =
      switch finding.grade {
      // Only what cannot be false is called a race.
      case .caught: style.alarm("race (caught):")
      case .unordered: style.doubt("unordered (not proven):")
      }
    return grade + " " + style.strong(finding.headline)
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
  private func section(_ side: Side, beside other: Side, _ finding: Finding) -> [String] {
    let isFirst = side == finding.open
    let verb =
      switch finding.grade {
      case .caught: isFirst ? "had begun to" : "began meanwhile to"
      case .unordered: isFirst ? "came first, to" : "came later, to"
      }
    var title = "  \(side.owner) \(verb) \(side.operation.rawValue) it"
    let notes = notes(on: side)
    if !notes.isEmpty { title += " (\(notes.joined(separator: "; ")))" }
    var lines = [title]
    if let location = side.site?.location, let excerpt = Excerpt(at: location, reader: source) {
      lines += excerpt.lines(indent: "    ", style: style)
    }
    let stack = StackText(side, variable: finding.variable)
    return lines + stack.lines(indent: "    ", paths: paths, style: style)
  }

  private func notes(on side: Side) -> [String] {
    var notes: [String] = []
    // The system's own queues say nothing that a reader could use.
    if let queue = side.queue, !queue.hasPrefix("com.apple.root."),
      queue != "Swift global concurrent queue", queue != "com.apple.main-thread"
    {
      notes.append("queue \"\(queue)\"")
    }
    if side.owner.isTask, let name = side.threadName { notes.append("thread \"\(name)\"") }
    if side.isSuspended {
      notes.append("suspended in an await: only the place of the access is known")
    } else if !side.hasExactStack {
      notes.append("it went on while its stack was read: outer frames may be later ones")
    }
    if side.isHeld { notes.append("held open by a trap") }
    return notes
  }

  private func closing(_ finding: Finding, _ report: Report) -> [String] {
    var lines = ["  could have happened: \(finding.consequence)"]
    for (index, advice) in finding.advice.enumerated() {
      lines.append((index == 0 ? "  fix: " : "       ") + advice)
    }
    if finding.grade == .unordered {
      lines.append(
        "  no race if: they are ordered by something that makes no call, such as an Atomic")
      lines.append(
        "  proof: a run in which the two meet; traps hold accesses open for that, so run it again")
    }
    lines.append("  again: \(report.repeatCommand)")
    lines.append("  \(seen(finding))   [\(finding.fingerprint)]")
    return lines
  }

  /// Of a program that was repeated, a few say as much as all.
  private static let namedProcesses = 4

  private func seen(_ finding: Finding) -> String {
    let times = finding.occurrences == 1 ? "once" : "\(Number.grouped(finding.occurrences)) times"
    guard !finding.processes.isEmpty else { return "seen \(times)" }
    var places = finding.processes.prefix(Self.namedProcesses).map {
      "\($0.pid) (\($0.program.split(separator: "/").last ?? ""))"
    }
    .joined(separator: ", ")
    let others = finding.processes.count - Self.namedProcesses
    if others > 0 { places += " and \(Number.counted(UInt64(others), "other"))" }
    return "seen \(times) in \(finding.processes.count == 1 ? "process" : "processes") \(places)"
  }
}
