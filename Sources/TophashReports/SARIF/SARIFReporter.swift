import Foundation
import TophashFindings
import TophashSymbols

/// Writes a report in SARIF 2.1.0, the form of OASIS that code scanning services read.
///
/// Each finding is a result at its first access, with the second as a related location and both
/// stacks as thread flows, outermost frame first. Suppressed results are kept and say why.
package struct SARIFReporter: Reporter {
  private let paths: Paths
  private let source: SourceCache

  package init(paths: Paths, source: SourceCache = SourceCache()) {
    self.paths = paths
    self.source = source
  }

  package func write(_ report: Report, to output: inout some TextOutputStream) {
    let locator = SARIFLocator(paths: paths, source: source)
    var numbers = FindingNumbers()
    let results = report.findings.map { (finding: $0, number: numbers.next($0)) }
    let runs = report.runs.map { SARIF.Invocation($0, in: locator) }
    output.write("{\n  \"$schema\" : \"\(SARIF.schema)\",\n  \"runs\" : [\n    {\n")
    for (name, value) in [
      ("columnKind", JSONOutput.text("utf16CodeUnits")),
      ("invocations", JSONOutput.text(runs, indent: 6)),
      ("originalUriBaseIds", JSONOutput.text(locator.bases, indent: 6)),
    ] {
      output.write("      \"\(name)\" : \(value),\n")
    }
    output.write("      ")
    JSONOutput.write(
      results, named: "results", indent: 6,
      as: { SARIF.Result($0.finding, number: $0.number, in: report, locator) }, to: &output)
    output.write(",\n      \"tool\" : \(JSONOutput.text(SARIF.Tool(), indent: 6))\n")
    output.write("    }\n  ],\n  \"version\" : \"2.1.0\"\n}\n")
  }
}

/// Says where things are, in SARIF's terms.
struct SARIFLocator {
  /// Stands for the current directory, so that a log means the same on another machine.
  static let base = "SRCROOT"

  let paths: Paths
  let source: SourceCache

  var bases: [String: SARIF.Artifact] {
    let directory = paths.directory.hasSuffix("/") ? paths.directory : paths.directory + "/"
    return [Self.base: SARIF.Artifact(uri: "file://" + Self.percentEncoded(directory))]
  }

  func artifact(_ path: String) -> SARIF.Artifact {
    let path = paths.relative(path)
    return path.hasPrefix("/")
      ? SARIF.Artifact(uri: "file://" + Self.percentEncoded(path))
      : SARIF.Artifact(uri: Self.percentEncoded(path), uriBaseId: Self.base)
  }

  /// `nil` for code without lines.
  func place(_ location: SourceLocation) -> SARIF.PhysicalLocation {
    SARIF.PhysicalLocation(
      artifactLocation: artifact(location.file),
      region: SARIF.Region(startLine: location.line, startColumn: column(location)))
  }

  /// Compilers count bytes, SARIF counts what editors do.
  private func column(_ location: SourceLocation) -> Int? {
    guard location.column > 0 else { return nil }
    guard let line = source.line(location.line, of: location.file),
      location.column <= line.utf8.count
    else { return location.column }
    return String(decoding: line.utf8.prefix(location.column - 1), as: UTF8.self).utf16.count + 1
  }

  /// What may stand in the path of a URI stays, by RFC 3986; a colon in a first part would be
  /// read as a scheme's end.
  static func percentEncoded(_ path: String) -> String {
    path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
  }

  private static let allowed = CharacterSet(
    charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/!$&'()*+,;=@")
}
