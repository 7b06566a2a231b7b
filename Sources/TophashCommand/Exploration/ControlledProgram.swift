import Foundation
import TophashExploration
import TophashFindings
import TophashReports
import TophashSearch
import TophashSymbols

/// A program that can be run under control: found, looked at, with the library to preload.
struct ControlledProgram {
  let subject: Subject
  let directory: SessionDirectory
  private let program: ForkServer.Program

  /// - Throws: 126 or 127 when it cannot be run, 70 when the library is not there.
  init(
    command: [String], randomizesAddresses: Bool, environment: [String: String], console: Console
  ) throws(ToolError) {
    subject = try Subject(command: command, environment: environment, console: console)
    guard !subject.isScript else {
      throw .cannotRun(
        "'\(command[0])' is a script, and only one program comes under control",
        "name the program that it starts")
    }
    try Inspector(isForced: true, console: console).check(subject.path)
    let library = try ProbeLibrary.explorer(
      executable: Runner.executable, environment: environment, console: console
    ).locate()
    directory = try SessionDirectory.create(under: environment["TMPDIR"] ?? "/tmp")
    var program = ForkServer.Program(
      path: subject.path, arguments: subject.arguments, environment: environment,
      library: try directory.preloadable(library), directory: directory.path)
    program.randomizesAddresses = randomizesAddresses
    program.lockedInstructions = (try? ElfImage(path: subject.path))?.lockedInstructions ?? []
    self.program = program
  }

  /// Starts the program up to its `main`.
  func server(_ number: Int) throws(ToolError) -> ForkServer {
    try explained { () throws(ForkServer.Trouble) in try ForkServer(program, number: number) }
  }

  /// A run in a process that somebody else starts.
  func directRun(following choices: [Choice], stepLimit: Int) throws(ToolError) -> DirectRun {
    try explained { () throws(ForkServer.Trouble) in
      try DirectRun(program, following: choices, stepLimit: stepLimit)
    }
  }

  /// Of the program's file; empty when it has none.
  var buildID: String {
    (try? ElfImage(path: subject.path))?.buildID ?? ""
  }

  /// Runs `body`, and says what its trouble means for the user.
  func explained<Result>(
    _ body: () throws(ForkServer.Trouble) -> Result
  ) throws(ToolError) -> Result {
    do throws(ForkServer.Trouble) {
      return try body()
    } catch {
      switch error {
      case .files(let number):
        throw .toolFailed(
          "no files can be made in '\(directory.path)': \(reason(number))",
          "set TMPDIR to a directory that can be written")
      case .start(let number): throw .cannotStart(subject.path, number)
      case .noMain(let output):
        throw .cannotRun(
          "'\(subject.path)' does not come under control: it ended before its main function"
            + (output.isEmpty ? "" : ", saying '\(output.prefix(200).filter { !$0.isNewline })'"),
          "name a dynamically linked program, not a script")
      case .gone:
        throw .toolFailed("the program's server went away in the middle of a run", "try again")
      }
    }
  }
}

/// How places are shown: as they can be typed here, or the file's name alone for one elsewhere.
func shortPlace(_ location: SourceLocation) -> String {
  let paths = Paths(directory: FileManager.default.currentDirectoryPath)
  let column = location.column > 0 && location.precision == .exact ? ":\(location.column)" : ""
  let relative = paths.relative(location.file)
  let file = relative.hasPrefix("/") ? relative.lastComponent : relative
  return "\(file):\(location.line)\(column)"
}
