import TophashFindings
import TophashReports

/// A saved JSON report, in which findings have fingerprints.
enum FingerprintLookup {
  /// True for what looks like a fingerprint.
  static func isFingerprint(_ word: String) -> Bool {
    word.wholeMatch(of: /T-[0-9a-f]{6,}/) != nil
  }

  /// The finding with that fingerprint.
  ///
  /// - Throws: 64 without a report, 127 when it has no such finding.
  static func finding(_ fingerprint: String, in report: String?) throws(ToolError) -> Finding {
    guard let report else {
      throw ToolError(
        what: "'\(fingerprint)' is a finding's fingerprint",
        remedy: "name the report that has it: --report FILE, from 'tophash run --reporter json'",
        code: .usage)
    }
    guard let bytes = SmallFile.bytes(at: report, limit: 64 << 20) else {
      throw ToolError(
        what: "'\(report)' cannot be read",
        remedy: "write a report with 'tophash run --reporter json'",
        code: .notFound)
    }
    let saved: Report
    do throws(TextFailure) {
      saved = try Report(saved: bytes, at: report)
    } catch {
      throw ToolError(
        what: "\(error)", remedy: "write a report with 'tophash run --reporter json'",
        code: .notFound)
    }
    guard let finding = saved.findings.first(where: { $0.fingerprint.description == fingerprint })
    else {
      throw ToolError(
        what: "'\(report)' has no finding \(fingerprint)", remedy: "it may be in another report",
        code: .notFound)
    }
    return finding
  }
}
