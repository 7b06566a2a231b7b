import Foundation
import Synchronization
import TophashTestSupport

/// Programs to measure, optimised as the package manager does, and the tool to run them.
enum Bottleneck {
  static var program: String {
    get throws { try compiled("Bottlenecks", folder: "\(sources)/Programs/Bottlenecks") }
  }

  /// The program that a timeline is made of, with the library of marks as part of it.
  static var traced: String {
    get throws {
      try compiled(
        "Traced", folder: "\(sources)/Programs/Traced",
        more: ["\(sources)/../../Sources/TophashMarks/TophashTrace.swift"])
    }
  }

  private static let sources = String(#filePath.dropLast("/Support/Bottleneck.swift".count))

  private static func compiled(_ name: String, folder sources: String, more: [String] = []) throws
    -> String
  {
    // One compiler at a time: there may be few processors.
    try programs.withLock { programs in
      if let path = programs[name] { return path }
      let files = try FileManager.default.contentsOfDirectory(atPath: sources)
        .filter { $0.hasSuffix(".swift") }.sorted()
      let path = "\(folder.path)/\(name.lowercased())"
      try Tool.run(
        ["swiftc", "-swift-version", "6", "-O", "-g", "-Xcc", "-fno-omit-frame-pointer"]
          + files.map { "\(sources)/\($0)" } + more + ["-o", path])
      programs[name] = path
      return path
    }
  }

  private static let programs = Mutex<[String: String]>([:])

  private static let folder: TemporaryDirectory = {
    guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory") }
    atexit { Bottleneck.folder.remove() }
    return directory
  }()

  /// The `tophash` that was built beside this test.
  static let tool =
    URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().path(percentEncoded: false) + "/tophash"

  static func profile(_ name: String, options: [String] = []) throws -> Command {
    Command(path: tool, arguments: ["profile"] + options + ["--", try program, name])
  }
}
