import Glibc
import TophashFindings

/// Files that the user names for the tool to read.
enum InputFile {
  /// All of a file; `-` stands for standard input.
  ///
  /// - Throws: 65 when it cannot be read.
  static func read(_ path: String) throws(ToolError) -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, errno) }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_size > 0 {
      bytes.reserveCapacity(Int(status.st_size))
    }
    let size = 1 << 16
    while true {
      var error: Int32 = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        let got = Glibc.read(descriptor, buffer.baseAddress, size)
        error = got < 0 ? errno : 0
        count = max(got, 0)
      }
      if error == EINTR { continue }
      guard error == 0 else { throw unreadable(path, error) }
      if chunk.isEmpty { return bytes }
      bytes += chunk
    }
  }

  /// What `parse` makes of a file.
  ///
  /// - Throws: 65 with the place of the mistake.
  static func parsed<Value>(
    _ parse: () throws(TextFailure) -> Value
  ) throws(ToolError) -> Value {
    do throws(TextFailure) {
      return try parse()
    } catch {
      throw ToolError(what: error.place, remedy: error.remedy, code: .wrongFile)
    }
  }

  private static func unreadable(_ path: String, _ error: Int32) -> ToolError {
    ToolError(
      what: "'\(path)' cannot be read: \(reason(error))", remedy: "check the path",
      code: .wrongFile)
  }
}
