#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A conflict in words, while the test still runs.
///
/// The words come from the `tophash` that runs the tests: to know lines and names takes a reader
/// of debug information, which a test process need not carry.
package struct ConflictReport: Sendable, Hashable {
  /// False for one that nothing was seen to order, and that is not proven.
  package var isCaught: Bool
  /// Headline, both places and the fingerprint.
  package var message: String
  /// Of the access that began while the other was open; empty when it is not known.
  package var file: String
  package var line: Int
  package var column: Int
  /// The module of the accessing function; empty when it is not known.
  package var module: String

  /// Names the `tophash` to ask.
  static let toolVariable = "TOPHASH_DESCRIBE"

  /// What the tool says of the conflicts with these numbers, in this process: those that show the
  /// same are told together, and waits for a lock are left out. Without an answer
  /// from it, a sentence that says where to find it.
  static func describe(_ conflicts: [UInt32]) -> [ConflictReport] {
    guard !conflicts.isEmpty else { return [] }
    guard let tool = getenv(toolVariable), let session = getenv("TOPHASH_SESSION"),
      let answer = output(
        of: String(cString: tool),
        ["describe", String(cString: session), String(getpid())] + conflicts.map(String.init))
    else {
      return conflicts.map { _ in
        ConflictReport(
          isCaught: true, message: "conflicting accesses; reported in full when the run ends",
          file: "", line: 0, column: 0, module: "")
      }
    }
    return answer.split(separator: "\u{1e}").compactMap(ConflictReport.init)
  }

  private init?(_ record: Substring) {
    let fields = record.split(separator: "\u{1f}", omittingEmptySubsequences: false)
    guard fields.count == 6, let line = Int(fields[2]), let column = Int(fields[3]) else {
      return nil
    }
    self.init(
      isCaught: fields[0] == "caught", message: String(fields[5]), file: String(fields[1]),
      line: line, column: column, module: String(fields[4]))
  }

  private init(
    isCaught: Bool, message: String, file: String, line: Int, column: Int, module: String
  ) {
    self.isCaught = isCaught
    self.message = message
    self.file = file
    self.line = line
    self.column = column
    self.module = module
  }
}

/// What a program writes to standard output; `nil` when it could not be run, or failed.
private func output(of path: String, _ arguments: [String]) -> String? {
  var ends: (Int32, Int32) = (0, 0)
  let isPiped = withUnsafeMutablePointer(to: &ends) {
    $0.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) == 0 }
  }
  guard isPiped else { return nil }
  for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  defer { close(ends.0) }

  #if canImport(Darwin)
  var actions: posix_spawn_file_actions_t?
  #else
  var actions = posix_spawn_file_actions_t()
  #endif
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, ends.1, 1)

  var child: pid_t = 0
  let failure = withStrings([path] + arguments) { arguments in
    withStrings(uncheckedEnvironment) { environment in
      posix_spawn(&child, path, &actions, nil, arguments, environment)
    }
  }
  close(ends.1)
  guard failure == 0 else { return nil }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = read(ends.0, &piece, piece.count)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { break }
    bytes += piece[..<count]
  }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 {
    if errno != EINTR { return nil }
  }
  return status == 0 ? String(decoding: bytes, as: UTF8.self) : nil
}

/// The environment without what has programs checked: the tool is none of the user's.
private var uncheckedEnvironment: [String] {
  var entries: [String] = []
  var next = environ
  while let entry = next.pointee {
    let text = String(cString: entry)
    let isProbes = ["LD_PRELOAD=", "TOPHASH_SESSION=", "TOPHASH_PROBE="].contains {
      text.hasPrefix($0)
    }
    if !isProbes { entries.append(text) }
    next += 1
  }
  return entries
}

private func withStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}

/// Writes to standard error.
package func writeError(_ text: String) {
  var text = text
  text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
}
