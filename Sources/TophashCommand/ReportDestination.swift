import Glibc

/// Where the report goes: standard output, or a file that was opened before the program ran.
struct ReportDestination {
  /// `nil` for standard output.
  let path: String?
  private let descriptor: Int32

  /// Opens `path`, so that a run's findings cannot be lost to a wrong name.
  ///
  /// - Throws: 70 when the file cannot be created.
  init(path: String?) throws(ToolError) {
    self.path = path
    guard let path else {
      descriptor = STDOUT_FILENO
      return
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .toolFailed(
        "'\(path)' cannot be written: \(reason(errno))", "name another file for --output")
    }
  }

  var isTerminal: Bool { isatty(descriptor) != 0 }

  /// Writes the report; when the file takes it no more, standard output gets it whole.
  ///
  /// - Throws: 70 when it could not be written where it should be.
  func write(_ report: String) throws(ToolError) {
    guard let path else {
      guard TophashCommand.write(report, to: STDOUT_FILENO) else {
        throw .toolFailed(
          "the report could not be written to standard output: \(reason(errno))",
          "use --output to keep it in a file")
      }
      return
    }
    var isWritten = TophashCommand.write(report, to: descriptor)
    var error = errno
    if close(descriptor) != 0, isWritten { (isWritten, error) = (false, errno) }
    guard !isWritten else { return }
    TophashCommand.write(report, to: STDOUT_FILENO)
    throw .toolFailed(
      "'\(path)' could not be written: \(reason(error))", "the report is on standard output instead"
    )
  }
}
