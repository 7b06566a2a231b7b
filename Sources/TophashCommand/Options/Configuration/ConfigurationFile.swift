import Glibc

/// `.tophash.yml`: the long options without their dashes as YAML, one `key: value` a line.
///
/// Relative paths in it begin where the file is.
struct ConfigurationFile {
  /// What a file is called that is found without being named.
  static let name = ".tophash.yml"
  /// The option that names one: `--config`.
  static let key = "config"

  /// As errors show it.
  let path: String
  let content: [UInt8]

  /// The file that was named, or else the one in the working directory or the nearest directory
  /// above it; `nil` when there is none.
  ///
  /// - Throws: 65 for a file that is there, and cannot be read or trusted.
  static func locate(named path: String?) throws(ToolError) -> ConfigurationFile? {
    if let path { return try ConfigurationFile(path: path) }
    var directory = ""
    for _ in 0...depthOfWorkingDirectory {
      let candidate = directory + name
      var status = stat()
      if lstat(candidate, &status) == 0 {
        try requireTrust(candidate, owner: status.st_uid, directory: directory)
        return try ConfigurationFile(path: candidate)
      }
      directory += "../"
    }
    return nil
  }

  /// How many directories are above this one.
  private static var depthOfWorkingDirectory: Int {
    (SmallFile.resolved(".") ?? "/").split(separator: "/").count
  }

  /// Refuses what somebody else has put into a directory where everybody may write, such as
  /// `/tmp`: a configuration may name files to write and a program to start.
  private static func requireTrust(
    _ path: String, owner: uid_t, directory: String
  ) throws(ToolError) {
    var status = stat()
    guard owner != geteuid(), owner != 0, stat(directory.isEmpty ? "." : directory, &status) == 0,
      status.st_mode & S_IWOTH != 0
    else { return }
    throw ToolError(
      what: "'\(path)' belongs to somebody else, in a directory where everybody may write",
      remedy: "remove it, or name it with --config", code: .wrongFile)
  }

  private init(path: String) throws(ToolError) {
    self.path = path
    content = try Self.read(path)
  }

  private static let sizeLimit = 1 << 20

  private static func read(_ path: String) throws(ToolError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path, reason(errno)) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path, reason(errno)) }
      guard count > 0 else { return bytes }
      bytes += chunk.prefix(count)
      guard bytes.count <= sizeLimit else { throw unreadable(path, "it is larger than 1 MiB") }
    }
  }

  private static func unreadable(_ path: String, _ reason: String) -> ToolError {
    ToolError(
      what: "the configuration '\(path)' cannot be read: \(reason)",
      remedy: "correct it, or name another with --config", code: .wrongFile)
  }
}
