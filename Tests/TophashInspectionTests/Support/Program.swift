import Foundation
import Synchronization
import TophashSymbols
import TophashTestSupport

@testable import TophashInspection

/// A program of this test's, compiled in one way when it is first asked for.
struct Program: Hashable {
  enum Build: String, CaseIterable {
    case debug, release, stripped, unchecked

    var options: [String] {
      switch self {
      case .debug: ["-Onone"]
      case .release, .stripped: ["-O"]
      case .unchecked: ["-O", "-enforce-exclusivity=unchecked"]
      }
    }
  }

  var name: String
  var build: Build

  static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Programs").path

  private static let directory: URL = {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "tophash-inspection-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Program.directory) }
    return directory
  }()

  private static let built = Mutex<[Program: String]>([:])

  /// The program's file.
  var path: String {
    get throws {
      try Self.built.withLock { built in
        if let path = built[self] { return path }
        let output = Self.directory.appending(path: "\(name)-\(build)").path
        try Tool.run(
          ["swiftc"] + build.options + [
            "-g", "-wmo", "-swift-version", "5", "-module-name", name,
            "\(Self.sources)/\(name).swift", "-o", output,
          ] + (name == "Closures" ? ["-parse-as-library"] : []))
        if build == .stripped { try Tool.run(["strip", output]) }
        built[self] = output
        return output
      }
    }
  }

  func inspection() throws -> Inspection {
    var inspection = try Inspection(
      ElfImage(path: path), symbolizer: SymbolizerTool.find()?.path)
    inspection.binary = "\(name), \(build)"
    return inspection
  }

  func text(listsSites: Bool = false) throws -> String {
    InspectionText(listsSites: listsSites, directory: Self.sources).text(for: try inspection())
  }
}
