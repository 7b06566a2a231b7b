import Foundation
import TophashSymbols
import TophashTestSupport

/// `Lookups.swift`, optimised together with the sources of `ConcurrentDictionary`.
enum LookupsProgram {
  static let image = Result { try ElfImage(path: compile()) }

  /// It goes when this process does.
  private static let folder: TemporaryDirectory = {
    guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory") }
    atexit { LookupsProgram.folder.remove() }
    return directory
  }()

  private static func compile() throws -> String {
    let root = URL(filePath: Program.sources).deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent()
    let sources = root.appending(path: "Sources").path
    let module = try Self.folder.write(
      "module.modulemap",
      "module CTophashThread { umbrella \"\(sources)/CTophashThread/include\" export * }")
    var files = ["\(Program.sources)/Lookups.swift"]
    for part in ["ConcurrentDictionary", "Hashing", "Primitives", "Reclamation"] {
      files += try FileManager.default.contentsOfDirectory(atPath: "\(sources)/Tophash/\(part)")
        .filter { $0.hasSuffix(".swift") }.map { "\(sources)/Tophash/\(part)/\($0)" }
    }
    let objects = try ["closure", "reader", "thread"].map { name in
      let object = "\(Self.folder.path)/\(name).o"
      try Tool.run([
        "clang", "-O2", "-c", "-I\(sources)/CTophashThread/include",
        "\(sources)/CTophashThread/\(name).c", "-o", object,
      ])
      return object
    }
    let output = "\(Self.folder.path)/lookups"
    try Tool.run(
      [
        "swiftc", "-O", "-wmo", "-parse-as-library", "-module-name", "Lookups", "-swift-version",
        "6",
      ]
        + ["-package-name", "tophash", "-Xcc", "-fmodule-map-file=\(module)"] + files + objects
        + ["-o", output])
    return output
  }
}
