import Glibc

/// A file for what is not a report, opened before the program runs.
struct OutputFile {
  let path: String
  private let descriptor: Int32

  /// - Parameter option: The option that named it.
  /// - Throws: 70 when the file cannot be created.
  init(path: String, option: String) throws(ToolError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .toolFailed(
        "'\(path)' cannot be written: \(reason(errno))", "name another file for \(option)")
    }
  }

  /// - Throws: 70 when it could not be written whole.
  func write(_ bytes: [UInt8]) throws(ToolError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(errno) }
      rest = rest.dropFirst(count)
    }
    if close(descriptor) != 0 { throw failure(errno) }
  }

  private func failure(_ error: Int32) -> ToolError {
    .toolFailed("'\(path)' could not be written: \(reason(error))", "make room and run it again")
  }
}
