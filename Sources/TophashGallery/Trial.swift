import Foundation
import Glibc

/// A program that is run once, to see how it ends and what it takes.
package struct Trial: Sendable {
  package var path: String
  package var arguments: [String]
  package var environment: [String: String] = [:]

  /// Stands in an argument for a folder that is there while the program runs.
  package static let folder = "%FOLDER%"

  /// How it ended.
  package struct Outcome: Sendable {
    /// The exit status; 128 and the number for a signal.
    package var status: Int32
    package var isSignalled: Bool
    package var cpuSeconds: Double
    package var wallSeconds: Double
    package var output: String
    package var errors: String
  }

  /// Longer than any program of the gallery takes, also on a busy machine.
  private static let limitSeconds = 120.0
  /// Enough for what is looked for in it.
  private static let outputLimit = 1 << 20

  /// Runs it to its end, or ends it when it hangs.
  ///
  /// - Throws: when it cannot be started.
  package func run() throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gallery-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["output", "errors"].map { folder.appending(path: $0) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (descriptor, file) in zip([Int32(1), 2], files) {
      posix_spawn_file_actions_addopen(
        &actions, descriptor, file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    let environment = ProcessInfo.processInfo.environment.merging(self.environment) { $1 }
    var pid: pid_t = 0
    let start = ContinuousClock.now
    let arguments = arguments.map { $0.replacing(Self.folder, with: folder.path) }
    let failure = withStrings([path] + arguments) { arguments in
      withStrings(environment.map { "\($0.key)=\($0.value)" }) {
        posix_spawn(&pid, path, &actions, nil, arguments, $0)
      }
    }
    guard failure == 0 else {
      throw GalleryError(
        what: "'\(path)' cannot be run: \(String(cString: strerror(failure)))",
        remedy: "build the examples again")
    }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(pid, &status, WNOHANG, &usage) == 0 {
      if ContinuousClock.now - start > .seconds(Self.limitSeconds) { kill(pid, SIGKILL) }
      usleep(2000)
    }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    let signal = status & 0x7f
    let texts = files.map { file in
      let bytes =
        (try? FileHandle(forReadingFrom: file).read(upToCount: Self.outputLimit)) ?? Data()
      return String(decoding: bytes, as: UTF8.self)
    }
    return Outcome(
      status: signal == 0 ? status >> 8 & 0xff : 128 + signal, isSignalled: signal != 0,
      cpuSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds,
      wallSeconds: Double(seconds) + Double(attoseconds) / 1e18, output: texts[0],
      errors: texts[1])
  }
}

/// What keeps the gallery from being shown.
package struct GalleryError: Error, Hashable {
  package var what: String
  package var remedy: String
}

extension timeval {
  fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}

/// Calls `body` with a C array of C strings that ends with a null pointer.
private func withStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return body(copies)
}
