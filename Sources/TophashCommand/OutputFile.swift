import TophashFindings

/// A file for what is not a report; it keeps what it had until the new bytes are complete.
struct OutputFile {
  let path: String

  /// Makes sure, before a program runs, that the file can be written.
  ///
  /// - Parameter option: The option that named it.
  /// - Throws: 70 when the file cannot be created.
  init(path: String, option: String) throws(ToolError) {
    self.path = path
    do throws(FileWriter.Failure) {
      try FileWriter.check(path)
    } catch {
      throw .toolFailed(
        "'\(path)' cannot be written: \(error.reason)", "name another file for \(option)")
    }
  }

  /// - Throws: 70 when it could not be written whole.
  func write(_ bytes: [UInt8]) throws(ToolError) {
    do throws(FileWriter.Failure) {
      let writer = try FileWriter(replacing: path)
      writer.write(bytes)
      try writer.finish()
    } catch {
      throw .toolFailed(
        "'\(path)' could not be written: \(error.reason)", "make room and run it again")
    }
  }
}
