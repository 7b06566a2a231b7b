import ArgumentParser
import Glibc
import TophashFindings

/// Where `tophash` speaks about itself: standard error, a line at a time.
struct Console {
  /// Says nothing but errors.
  var isQuiet = false

  /// A notice, `tophash: …`; dropped when quiet.
  func say(_ line: String) {
    if !isQuiet { write("tophash: \(line)\n", to: STDERR_FILENO) }
  }

  /// An error, `tophash: error: …`.
  func complain(_ line: String) {
    write("tophash: error: \(line)\n", to: STDERR_FILENO)
  }

  /// Does `body`, and tells its error in one line.
  ///
  /// - Throws: the exit status that goes with it.
  func reporting(_ body: () throws(ToolError) -> Void) throws {
    do throws(ToolError) {
      try body()
    } catch {
      complain(error.line)
      throw ExitCode(error.code.rawValue)
    }
  }
}

/// Writes all of `text` to a descriptor; false when that failed.
@discardableResult
func write(_ text: String, to descriptor: Int32) -> Bool {
  Descriptor.write(text.utf8, to: descriptor) == nil
}
