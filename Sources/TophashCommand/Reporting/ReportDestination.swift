import Glibc
import TophashFindings

/// Where a report goes: standard output, or a file that keeps what it had until the report is
/// complete.
struct ReportDestination {
  /// `nil` for standard output.
  let path: String?

  /// Makes sure that `path` can be written, so that a run's findings cannot be lost to a wrong name.
  ///
  /// - Parameter option: The option that named it.
  /// - Throws: 70 when the file cannot be created.
  init(path: String?, option: String = "--output") throws(ToolError) {
    self.path = path
    guard let path else { return }
    do throws(FileWriter.Failure) {
      try FileWriter.check(path)
    } catch {
      throw .toolFailed(
        "'\(path)' cannot be written: \(error.reason)", "name another file for \(option)")
    }
  }

  var isTerminal: Bool { path == nil && isatty(STDOUT_FILENO) != 0 }

  func write(_ text: String) throws(ToolError) {
    try write { $0.write(text) }
  }

  /// Writes the report; when the file takes it no more, standard output gets it whole.
  ///
  /// - Parameters:
  ///   - isUnique: Whether no second run would give the same: where standard output takes it no
  ///     more, as behind `| head`, standard error gets it whole.
  ///   - report: writes the whole text, and may be asked for it twice.
  /// - Throws: 70 when it could not be written where it should be.
  func write(
    isUnique: Bool = false, _ report: (inout FileWriter) -> Void
  ) throws(ToolError) {
    guard let path else {
      do throws(FileWriter.Failure) {
        try write(report, to: STDOUT_FILENO)
      } catch {
        let isRescued = isUnique && (try? write(report, to: STDERR_FILENO)) != nil
        throw .toolFailed(
          "the report could not be written to standard output: \(error.reason)",
          (isRescued ? "it is on standard error instead; " : "")
            + "use --output to keep it in a file")
      }
      return
    }
    do throws(FileWriter.Failure) {
      var writer = try FileWriter(replacing: path)
      report(&writer)
      try writer.finish()
    } catch {
      try? write(report, to: STDOUT_FILENO)
      throw .toolFailed(
        "'\(path)' could not be written: \(error.reason)",
        "the report is on standard output instead")
    }
  }

  private func write(
    _ report: (inout FileWriter) -> Void, to descriptor: Int32
  ) throws(FileWriter.Failure) {
    var writer = FileWriter(descriptor: descriptor)
    report(&writer)
    try writer.finish()
  }
}
