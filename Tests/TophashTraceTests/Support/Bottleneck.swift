import Foundation
import Synchronization
import TophashTestSupport

/// The program with bottlenecks, optimised as the package manager does, and the tool to run it.
enum Bottleneck {
  static var program: String {
    get throws {
      // One compiler at a time: there may be few processors.
      try compiled.withLock { path in
        if let path { return path }
        let sources =
          String(#filePath.dropLast("Support/Bottleneck.swift".count)) + "Programs/Bottlenecks"
        let files = try FileManager.default.contentsOfDirectory(atPath: sources)
          .filter { $0.hasSuffix(".swift") }.sorted()
        let made = "\(folder.path)/bottlenecks"
        try Tool.run(
          ["swiftc", "-swift-version", "6", "-O", "-g", "-Xcc", "-fno-omit-frame-pointer"]
            + files.map { "\(sources)/\($0)" } + ["-o", made])
        path = made
        return made
      }
    }
  }

  private static let compiled = Mutex<String?>(nil)

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
