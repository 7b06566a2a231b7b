import Glibc
import Testing

/// How a process ended.
enum End: Hashable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)

  var description: String {
    switch self {
    case .exited(let status): "exited with \(status)"
    case .signalled(let signal): "ended by signal \(signal)"
    }
  }
}

/// A program to run, with its standard streams in files, so that nothing can fill up or block.
struct Command {
  struct Failure: Error { var reason: String }

  var path: String
  var arguments: [String] = []
  /// Added to this process's environment.
  var environment: [String: String] = [:]

  struct Result {
    var end: End
    var output: String
    var errors: String
  }

  /// Runs it to its end. The directory for the streams is removed again.
  func run() throws -> Result {
    let directory = try TemporaryDirectory()
    let output = "\(directory.path)/output"
    let errors = "\(directory.path)/errors"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)

    var child: pid_t = 0
    let status = withStrings([path] + arguments) { arguments in
      withStrings(merged.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&child, path, &actions, nil, arguments, environment)
      }
    }
    guard status == 0 else {
      throw Failure(reason: "\(path): \(String(cString: strerror(status)))")
    }
    var code: Int32 = 0
    while waitpid(child, &code, 0) != child {}
    return Result(
      end: code & 0x7f == 0 ? .exited(code >> 8 & 0xff) : .signalled(code & 0x7f),
      output: text(of: output), errors: text(of: errors))
  }

  private var merged: [String: String] {
    var merged: [String: String] = [:]
    var entry = environ
    while let pointer = entry.pointee {
      let pair = String(cString: pointer).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { merged[String(pair[0])] = String(pair[1]) }
      entry += 1
    }
    // The tests may themselves run under the probe.
    merged["LD_PRELOAD"] = nil
    merged["TOPHASH_SESSION"] = nil
    merged["TOPHASH_PROBE"] = nil
    return merged.merging(environment) { $1 }
  }
}

/// Calls `body` with a C array of `strings` that ends with a null pointer.
private func withStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}

/// The bytes of a file; none when it cannot be read.
func bytes(of path: String) -> [UInt8] {
  guard let file = fopen(path, "re") else { return [] }
  defer { fclose(file) }
  var all: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&piece, 1, piece.count, file), count > 0 {
    all += piece[..<count]
  }
  return all
}

private func text(of path: String) -> String { String(decoding: bytes(of: path), as: UTF8.self) }

/// A directory that is removed, with all that is in it, when nobody refers to it any more.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("\(Self.parent)/tophash-torture-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Command.Failure(reason: "no temporary directory") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { remove() }

  /// Removes it now. There are only files in it.
  func remove() {
    for file in files { unlink("\(path)/\(file)") }
    rmdir(path)
  }

  /// Names of the files in it.
  var files: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static var parent: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }
}
