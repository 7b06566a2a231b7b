/// What a replay shows: the verdict, the switches, and what each thread did.
package struct ReplayText {
  package let text: String

  package init(verdict: String, _ interleaving: Interleaving) {
    var lines = [verdict] + interleaving.statements.map { "  \($0)" }
    let table = InterleavingText(interleaving: interleaving).lines
    if !table.isEmpty { lines += [""] + table.map { "  \($0)" } }
    if let crash = interleaving.crash { lines += ["", "  it stopped in \(crash)"] }
    if !interleaving.waits.isEmpty {
      lines += ["", "  at the end:"] + interleaving.waits.map { "    \($0)" }
    }
    text = lines.joined(separator: "\n") + "\n"
  }
}
