import ArgumentParser
import Foundation
import TophashInspection
import TophashReports
import TophashSymbols

extension Tophash {
  /// `tophash inspect`: what the probe will be able to see of a binary.
  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List what can be seen of a program's variables, and why the rest cannot.",
      usage: "tophash inspect [<options>] <binary>",
      discussion: """
        Reads a program or library, without running it: its stored variables, and every place \
        where the compiler announces an access. A variable is

          tracked        accesses have a begin and an end: those that overlap are caught
          instantaneous  accesses are announced, and over at once: nothing can be proven
          gate only      seen when a collection is about to be changed in place
          not seen       with the reason: a `let`, optimised away, built without checks, unused
          unclear        no access found, but some whose variable could not be told

        A debug build is seen best. A stripped one loses its globals, names and methods.

        With --code, the instructions of a function instead, and what they mean: announced \
        accesses, locked instructions, retains and releases, questions whether storage is \
        shared, calls of code that is not specialised. Two functions, or one in two builds, \
        stand side by side.

        EXIT STATUS
          0    the binary was read
          64   wrong usage
          70   tophash itself failed
          126  the file is no Swift binary that can be inspected
          127  there is no such file, or no such function in it
        """
    )

    enum Form: String, CaseIterable, ExpressibleByArgument {
      case text, json
    }

    @Option(help: "Form of the report: text or json.")
    var reporter = Form.text

    @Option(
      help: "Write the report to a file in place of standard output.", completion: .file())
    var output: String?

    @Flag(help: "List every access site in the text report.")
    var sites = false

    @Option(
      help: ArgumentHelp("The llvm-symbolizer to use.", valueName: "path"), completion: .file())
    var symbolizer: String?

    @Option(
      parsing: .singleValue,
      help: ArgumentHelp(
        "The instructions of a function, named as in a report; twice, to compare two.",
        valueName: "function"))
    var code: [String] = []

    @Option(
      help: ArgumentHelp("The llvm-objdump to use.", valueName: "path"), completion: .file())
    var disassembler: String?

    @Argument(help: "The program or library.", completion: .file())
    var binary: String

    @Argument(help: "With --code: another build, to compare with.", completion: .file())
    var other: String?

    func validate() throws {
      if code.isEmpty, other != nil {
        throw ValidationError(
          "Two binaries are compared with --code. Name a function, or one binary")
      }
      if code.count > 2 || code.count == 2 && other != nil {
        throw ValidationError(
          "Two functions, or one in two builds, can be compared. Leave one out")
      }
    }

    func run() throws {
      do throws(ToolError) {
        if !code.isEmpty {
          let listing = try CodeInspector(command: self).report()
          return try ReportDestination(path: output).write(listing)
        }
        let inspection = try inspect(environment: ProcessEnvironment.current)
        let destination = try ReportDestination(path: output)
        try destination.write(report(inspection))
      } catch {
        Console().complain(error.line)
        throw ExitCode(error.code.rawValue)
      }
    }

    private func inspect(environment: [String: String]) throws(ToolError) -> Inspection {
      guard access(binary, F_OK) == 0 || errno != ENOENT else {
        throw .notFound("'\(binary)'", "check the path, or build the program first")
      }
      var status = stat()
      guard stat(binary, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
        throw .cannotRun("'\(binary)' is a directory", "name a program or library in it")
      }
      do {
        let image = try ElfImage(path: binary)
        let tool = symbolizer ?? SymbolizerTool.find(in: environment)?.path
        return try Inspection(image, symbolizer: tool)
      } catch let error as InspectionError {
        throw error.toolError(binary)
      } catch {
        throw .cannotRun("\(error)", "name a Swift program or library")
      }
    }

    private func report(_ inspection: Inspection) -> String {
      switch reporter {
      case .text:
        let directory = FileManager.default.currentDirectoryPath
        return InspectionText(listsSites: sites, directory: directory).text(for: inspection)
      case .json:
        return InspectionJSON(toolVersion: toolVersion).text(for: inspection)
      }
    }
  }
}

extension InspectionError {
  fileprivate func toolError(_ path: String) -> ToolError {
    switch self {
    case .otherProcessor:
      .cannotRun(
        "'\(path)' is not built for x86-64, the only code that is read so far",
        "inspect a build for that processor")
    case .noSwiftCode:
      .cannotRun("'\(path)' holds no Swift code", "name a Swift program or library")
    case .namelessRuntime:
      .cannotRun(
        "'\(path)' holds its own copy of the Swift runtime, and no symbols to find it by",
        "leave it unstripped, or link it without '-static-stdlib'")
    }
  }
}
