import Foundation

/// How a process ended.
package enum End: Hashable, CustomStringConvertible, Sendable {
  case exited(Int32)
  case signalled(Int32)

  package init(waitStatus code: Int32) {
    self = code & 0x7f == 0 ? .exited(code >> 8 & 0xff) : .signalled(code & 0x7f)
  }

  package var description: String {
    switch self {
    case .exited(let status): "exited with \(status)"
    case .signalled(let signal): "ended by signal \(signal)"
    }
  }
}

/// A program to run, with its standard streams in files, so that nothing can fill up or block.
package struct Command {
  package struct Failure: Error, CustomStringConvertible {
    package var reason: String
    package init(reason: String) { self.reason = reason }
    package var description: String { reason }
  }

  package struct Result {
    package var end: End
    package var output: String
    package var errors: String
  }

  package var path: String
  package var arguments: [String]
  /// Added to this process's environment.
  package var environment: [String: String]
  /// Where it runs; `nil` for this process's own directory.
  package var directory: String?
  /// What it reads from standard input.
  package var input = ""
  /// The file that is its standard output; `nil` to collect it.
  package var output: String?

  package init(
    path: String, arguments: [String] = [], environment: [String: String] = [:],
    directory: String? = nil
  ) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// Runs it to its end.
  package func run() throws -> Result { try start().wait() }

  /// Starts it.
  package func start() throws -> RunningCommand {
    let streams = try TemporaryDirectory()
    let input = try streams.write("input", input)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, file, mode) in [
      (0, input, O_RDONLY),
      (1, output ?? "\(streams.path)/output", O_WRONLY | O_CREAT),
      (2, "\(streams.path)/errors", O_WRONLY | O_CREAT),
    ] {
      posix_spawn_file_actions_addopen(&actions, Int32(descriptor), file, mode, 0o600)
    }
    if let directory { _ = addDirectory(&actions, directory) }

    // Tests run on threads that block most signals; a shell starts programs with none blocked.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var child: pid_t = 0
    let status = withStrings([path] + arguments) { arguments in
      withStrings(merged.map { "\($0.key)=\($0.value)" }) { environment in
        noStart.withLock { _ in
          posix_spawn(&child, path, &actions, &attributes, arguments, environment)
        }
      }
    }
    guard status == 0 else {
      throw Failure(reason: "\(path): \(String(cString: strerror(status)))")
    }
    return RunningCommand(pid: child, streams: streams)
  }

  private var merged: [String: String] {
    var merged = ProcessInfo.processInfo.environment
    // The tests may themselves run under the probe, or with options for it.
    for name in ["LD_PRELOAD", "TOPHASH_SESSION", "TOPHASH_PROBE", "TOPHASH_OPTIONS"] {
      merged[name] = nil
    }
    return merged.merging(environment) { $1 }
  }
}

// The C library's, which its module for Swift leaves out.
@_silgen_name("posix_spawn_file_actions_addchdir_np")
private func addDirectory(
  _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ path: UnsafePointer<CChar>
) -> Int32

/// A command that was started.
package struct RunningCommand {
  package let pid: pid_t
  fileprivate let streams: TemporaryDirectory

  /// Waits for its end.
  package func wait() -> Command.Result {
    var code: Int32 = 0
    while waitpid(pid, &code, 0) != pid {}
    return Command.Result(end: End(waitStatus: code), output: output, errors: errors)
  }

  package func send(_ signal: Int32) { kill(pid, signal) }

  /// What it has written so far.
  package var output: String { text(of: "\(streams.path)/output") }
  package var errors: String { text(of: "\(streams.path)/errors") }

  /// Waits until it has written `text` to standard output.
  package func waitForOutput(_ text: String) throws {
    try wait(for: "'\(text)'") { output.contains(text) }
  }

  /// Waits until a file is there, which whoever writes it puts there when it is complete.
  package func waitForFile(_ path: String) throws {
    try wait(for: path) { access(path, F_OK) == 0 }
  }

  private func wait(for what: String, _ isThere: () -> Bool) throws {
    while !isThere() {
      var info = siginfo_t()
      guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0,
        info._sifields._sigchld.si_pid == 0
      else {
        throw Command.Failure(reason: "it ended without \(what): \(wait())")
      }
      usleep(5_000)
    }
  }
}

/// Calls `body` with a C array of `strings` that ends with a null pointer.
package func withStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}

/// The bytes of a file; none when it cannot be read.
package func bytes(of path: String) -> [UInt8] {
  guard let file = fopen(path, "re") else { return [] }
  defer { fclose(file) }
  var all: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&piece, 1, piece.count, file), count > 0 {
    all += piece[..<count]
  }
  return all
}

package func text(of path: String) -> String { String(decoding: bytes(of: path), as: UTF8.self) }
