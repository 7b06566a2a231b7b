import Glibc
import Testing
import TophashTestSupport

@testable import TophashFindings

/// The probe as the tests use it: by environment alone, as `tophash` does.
enum Probe {
  /// The library, which the build leaves beside the tests.
  static let library: String = {
    var path = [CChar](repeating: 0, count: 4096)
    let size = readlink("/proc/self/exe", &path, path.count - 1)
    let executable = String(
      decoding: path[..<max(size, 0)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    let directory = executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return directory.joined(separator: "/") + "/libTophashProbe.so"
  }()

  /// Ways to see accesses that a test can ask for.
  enum Hook: String, CaseIterable { case auto, interpose }
}

/// A program's run, and what the probe saw of it.
struct ProbedRun {
  var result: Command.Result
  /// Of every process with a Swift runtime, oldest first.
  var processes: [EventFile]
  /// Event files that could not be read.
  var unreadable: [Session.Unreadable]

  /// Runs `command` with the probe. `session` is for the event files; a new directory by default.
  init(
    _ command: Command, options: String = "", library: String = Probe.library,
    before: [String] = [], session: String? = nil
  ) throws {
    let directory = try TemporaryDirectory()
    let session = session ?? directory.path
    var command = command
    command.environment["LD_PRELOAD"] = ([library] + before).joined(separator: " ")
    command.environment["TOPHASH_SESSION"] = session
    command.environment["TOPHASH_PROBE"] = options
    result = try command.run()
    let recorded = Session(
      files: directory.files.map { ($0, bytes(of: "\(directory.path)/\($0)")) })
    processes = recorded.processes
    unreadable = recorded.unreadable
  }

  /// All conflicts of all processes that are not on a lock, as the tool would judge.
  var conflicts: [Conflict] {
    processes.flatMap { process in
      process.conflicts.filter { !process.locks.contains($0.address) }
    }
  }
}

/// Runs `command` without and with the probe, and expects the same output and the same end.
func expectSame(
  _ command: Command, options: String = "", before: [String] = [],
  compareErrors: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
) throws -> ProbedRun {
  let plain = try command.run()
  let probed = try ProbedRun(command, options: options, before: before)
  #expect(probed.result.end == plain.end, sourceLocation: sourceLocation)
  #expect(probed.result.output == plain.output, sourceLocation: sourceLocation)
  if compareErrors {
    #expect(probed.result.errors == plain.errors, sourceLocation: sourceLocation)
  }
  #expect(probed.unreadable.isEmpty, sourceLocation: sourceLocation)
  return probed
}

/// Plays a scenario of the torture program without and with the probe.
func play(
  _ scenario: String, _ build: Fixture = .debug, hook: Probe.Hook = .auto,
  compareErrors: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
) throws -> ProbedRun {
  try expectSame(
    Command(path: build.path, arguments: [scenario]), options: "hook=\(hook)",
    compareErrors: compareErrors, sourceLocation: sourceLocation)
}
