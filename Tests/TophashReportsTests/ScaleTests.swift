import Testing
import TophashFindings
import TophashSymbols

@testable import TophashReports

/// Thousands of findings: what is written and read grows as their number does, and no piece of it
/// does. Counted, not timed.
@Suite struct ScaleTests {
  /// Counts what is written, in place of keeping it.
  private struct Counter: TextOutputStream {
    var bytes = 0
    var largest = 0

    mutating func write(_ text: String) {
      bytes += text.utf8.count
      largest = max(largest, text.utf8.count)
    }
  }

  /// Findings of a tenth as many variables, in a hundredth as many files.
  private func report(_ count: Int) -> Report {
    let findings = (0..<count).map { number in
      var finding = Samples.finding
      finding.variable.name = "Inventory\(number / 10).stock"
      for index in finding.open.stack.indices {
        finding.open.stack[index].location?.file = "/shop/\(number / 100).swift"
        finding.open.stack[index].location?.line = 1 + number % 100
      }
      return Finding(
        grade: .caught, variable: finding.variable, open: finding.open, begun: finding.begun,
        processes: [.init(pid: Int32(number), program: "/shop/app")])
    }
    return Report(
      findings: findings, runs: [Run(command: [], seed: 1, end: .exited(0))], processes: [],
      lockConflicts: 0)
  }

  private func counts(_ form: ReportForm, _ count: Int) -> (Counter, reads: Int) {
    let source = SourceCache { _ in String(repeating: "line\n", count: 100) }
    var counter = Counter()
    form.reporter(.init(paths: GoldenReport.paths, source: source))
      .write(report(count), to: &counter)
    return (counter, source.reads)
  }

  @Test(arguments: ReportForm.allCases)
  func `a form grows as the findings do, and holds no more at a time`(_ form: ReportForm) {
    let (small, smallReads) = counts(form, 200)
    let (large, largeReads) = counts(form, 2000)
    // Numbers get a digit longer.
    #expect(large.bytes < small.bytes * 11)
    // Text and Markdown give up detail, and give it in lists; pieces of the others are findings.
    #expect(large.largest < max(small.largest * 2, 20_000))
    // A file is read once for all its findings, which stand together.
    #expect(smallReads <= 4 && largeReads <= 2000 / 100 + 2)
  }

  @Test func `findings in full are few, however many there are`() {
    let text = ReportForm.text.reporter(GoldenReport.context).text(for: report(2000))
    #expect(text.matches(of: #/(?m)^race \(caught\): /#).count == TextReporter.fullInAll)
    #expect(text.matches(of: #/(?m)^  T-[0-9a-f]{8}  caught  /#).count == 2000 - 100)
    let page = ReportForm.html.reporter(GoldenReport.context).text(for: report(2000))
    #expect(page.matches(of: #/<article /#).count == HTMLReporter.fullInAll)
    #expect(page.matches(of: #/<tr class="finding /#).count == 2000 - 500)
    let annotations = ReportForm.github.reporter(GoldenReport.context).text(for: report(2000))
    #expect(annotations.split(separator: "\n").count == 11)
    #expect(annotations.hasSuffix("::1,990 further caught findings: see the summary\n"))
  }

  @Test func `thousands of processes with one finding are one finding`() {
    var findings = FindingSet()
    for number in 0..<5000 {
      var finding = Samples.finding
      finding.processes = [.init(pid: Int32(number), program: "/shop/app")]
      findings.insert(finding)
    }
    #expect(findings.sorted.count == 1)
    #expect(findings.sorted[0].processes.map(\.pid) == Array(0..<5000))
  }
}
