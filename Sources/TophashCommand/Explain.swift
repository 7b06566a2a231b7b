import ArgumentParser
import TophashMisuses
import TophashReports

extension Tophash {
  /// `tophash explain`: the misuse behind a rule, in words a learner can follow.
  struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Explain a rule, or another way to misuse a shared variable.",
      usage: "tophash explain [<options>] [<name>]",
      discussion: """
        Says what happens in memory, why the usual excuses do not hold, and how to repair it: the \
        shortest program that is wrong, the same program corrected, and what each repair costs. \
        Without a name, lists what there is.

        EXIT STATUS
          0    it was explained
          64   wrong usage, or no such name
          70   tophash itself failed
        """
    )

    @Option(help: "Colour the text. (default: auto)")
    var color: ColorChoice?

    @Argument(
      help: "A rule, as a report names it, or one of the other names in the list.",
      completion: .list(Misuse.all.map(\.name)))
    var name: String?

    func run() throws {
      do throws(ToolError) {
        let destination = try ReportDestination(path: nil)
        let isColored = (color ?? .auto).isColored(destination, ProcessEnvironment.current)
        let text = PageText(style: Style(isColored: isColored))
        try destination.write(
          try name.map { name throws(ToolError) in text.page(try Self.misuse(name).page) }
            ?? text.list(Misuse.all))
      } catch {
        Console().complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }

    private static func misuse(_ name: String) throws(ToolError) -> Misuse {
      if let misuse = Misuse.named(name) { return misuse }
      let names = Misuse.all.map(\.name)
      let nearest =
        Suggestion.nearest(to: name, among: names)
        ?? names.first { !name.isEmpty && $0.contains(name) }
      throw ToolError(
        what: "nothing is called '\(name)'",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "'tophash explain' lists the names",
        code: .usage)
    }
  }
}
