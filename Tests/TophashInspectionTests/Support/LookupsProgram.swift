import Foundation
import TophashSymbols
import TophashTestSupport

/// `Lookups.swift`, optimised together with the sources of `ConcurrentDictionary`.
enum LookupsProgram {
  static let image = Result { try ElfImage(path: compile()) }

  private static func compile() throws -> String {
    let root = URL(filePath: Program.sources).deletingLastPathComponent()
      .deletingLastPathComponent()
      .deletingLastPathComponent()
    let sources = root.appending(path: "Sources").path
    let folder = try TemporaryDirectory()
    let module = try folder.write(
      "module.modulemap",
      "module CTophashThread { umbrella \"\(sources)/CTophashThread/include\" export * }")
    var files = ["\(Program.sources)/Lookups.swift"]
    for part in ["ConcurrentDictionary", "Hashing", "Primitives", "Reclamation"] {
      files += try FileManager.default.contentsOfDirectory(atPath: "\(sources)/Tophash/\(part)")
        .filter { $0.hasSuffix(".swift") }.map { "\(sources)/Tophash/\(part)/\($0)" }
    }
    let objects = try ["closure", "reader", "thread"].map { name in
      let object = "\(folder.path)/\(name).o"
      try Tool.run([
        "clang", "-O2", "-c", "-I\(sources)/CTophashThread/include",
        "\(sources)/CTophashThread/\(name).c", "-o", object,
      ])
      return object
    }
    let output = FileManager.default.temporaryDirectory
      .appending(path: "tophash-lookups-\(ProcessInfo.processInfo.processIdentifier)").path
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
