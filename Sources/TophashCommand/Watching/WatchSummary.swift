import TophashFindings
import TophashReports

/// What a run amounted to, and what it could not tell: nothing is left out silently.
struct WatchSummary {
  var report: WatchReport
  var files: [WatchFile]
  var findings: Int

  var lines: [String] {
    let uses = report.hitCount == 1 ? "1 use" : "\(report.hitCount) uses"
    var lines = ["\(uses) named in \(files.count) process\(files.count == 1 ? "" : "es")"]
    if report.passed > 0 { lines.append("\(report.passed) uses by threads of other names") }
    if report.late > 0 {
      lines.append("\(report.late) uses on threads that block SIGTRAP: who made them is not known")
    }
    if report.lost > 0 { lines.append("\(report.lost) uses found no room: use --limit or --rate") }
    if report.pauses > 0 { lines.append("paused \(report.pauses) times, because of --rate") }
    func sum(_ count: KeyPath<WatchFile, UInt64>) -> UInt64 {
      files.reduce(0) { $0 &+ $1[keyPath: count] }
    }
    if sum(\.moves) > 0 {
      lines.append(
        "followed to \(Number.counted(sum(\.moves), "new place")), as the dictionary grew")
    }
    if sum(\.crowded) > 0 {
      lines.append("\(sum(\.crowded)) times no watchpoint was free for one more of that name")
    }
    if sum(\.stray) > 0 {
      lines.append(
        "\(sum(\.stray)) accesses of a variable on a stack, of which nobody tells when it ends: not watched"
      )
    }
    if report.isOver { lines.append("stopped watching at the limit; the program went on") }
    let unseen = files.reduce(UInt64(0)) { $0 &+ $1.unseen }
    if unseen > 0 {
      lines.append(
        "\(unseen) uses counted and not named: one instruction wrote two of the variables,"
          + " or the program handles SIGTRAP itself")
    }
    let holds = files.reduce(UInt64(0)) { $0 &+ $1.holds }
    if holds > 0 {
      let milliseconds = files.reduce(UInt64(0)) { $0 &+ $1.heldNanoseconds } / 1_000_000
      lines.append("held \(holds) writers for \(milliseconds) ms; \(findings) findings")
    }
    return lines
  }
}

extension WatchFile {
  /// Hits that the kernel counted and no handler saw; what comes while a pause or the end begins
  /// is not among them.
  fileprivate var unseen: UInt64 {
    let known = hitCount &+ passed &+ late
    return pauses == 0 && !isOver && counted > known ? counted - known : 0
  }
}
