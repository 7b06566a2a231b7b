import ArgumentParser

extension Tophash {
  /// `tophash manual`: all that the help says, as a page for `man` or for a browser.
  struct Manual: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the manual: the help of all commands in one page.",
      usage: "tophash manual [<options>]",
      discussion: """
        To read it: tophash manual | man -l -
        To install it: tophash manual > /usr/local/share/man/man1/tophash.1

        EXIT STATUS
          0    the manual was printed
          64   wrong usage
          70   tophash itself failed
        """
    )

    enum Form: String, CaseIterable, ExpressibleByArgument {
      case man, markdown
    }

    @Option(help: "Form of the page.")
    var form = Form.man

    func run() throws {
      do throws(ToolError) {
        let help = try CommandHelp.all()
        let page =
          switch form {
          case .man: ManPage(help, version: Tophash.configuration.version).text
          case .markdown: MarkdownManual(help).text
          }
        try ReportDestination(path: nil).write(page)
      } catch {
        Console().complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }
  }
}
