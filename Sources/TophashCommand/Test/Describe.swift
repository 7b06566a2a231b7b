import ArgumentParser
import Foundation
import TophashFindings
import TophashReports
import TophashSymbols

extension Tophash {
  /// `tophash describe`: for test code in a running process, which asks what it was caught in.
  ///
  /// Writes a record for each finding that they make: grade, file, line, column,
  /// module and message between unit separators, with a record separator at its end. The other
  /// half of this is `ConflictReport` in the target TophashTestScopes.
  struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell test code what its conflicts are.", shouldDisplay: false)

    @Argument(help: "The directory of the event files.")
    var session: String

    @Argument(help: "The process.")
    var process: Int32

    @Argument(help: "The numbers of the conflicts.")
    var conflicts: [Int]

    func run() throws {
      guard let file = newestFile else { throw ExitCode(ExitStatus.toolFailed.rawValue) }
      let tool = SymbolizerTool.find(in: ProcessEnvironment.current)?.path
      let interpreter = SymbolInterpreter(images: file.images, tool: tool)
      var asked = file
      asked.conflicts = file.conflicts.filter { conflicts.contains($0.slot) }
      var judge = Judge()
      judge.add(asked, interpreter: interpreter)
      write(judge.report.map(record).joined(), to: STDOUT_FILENO)
    }

    /// A process that became another program by `exec` has a file for each.
    private var newestFile: EventFile? {
      let directory = SessionDirectory(path: session)
      return directory.files.filter { $0.hasPrefix("\(process).") }
        .compactMap { try? EventFile(bytes: directory.bytes(of: $0)) }
        .max { $0.header.start < $1.header.start }
    }

    private func record(of finding: Finding) -> String {
      let paths = Paths(directory: FileManager.default.currentDirectoryPath)
      // The access that came later ran into the other.
      let site = [finding.begun, finding.open].compactMap(\.site).first { $0.location != nil }
      let location = site?.location
      return [
        finding.grade.rawValue, location?.file ?? "", String(location?.line ?? 0),
        String(location?.column ?? 0), site?.module ?? "",
        BriefText(finding, paths).lines.joined(separator: "\n"),
      ].joined(separator: "\u{1f}") + "\u{1e}"
    }
  }
}
