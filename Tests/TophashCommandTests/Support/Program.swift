import Foundation
import Synchronization
import TophashTestSupport

/// A program that the tests run under `tophash`, compiled when one first asks for it.
///
/// All but the last three are one shop, built in different ways.
enum Program: String, CaseIterable {
  case shop
  case release
  case staticRuntime
  case stripped
  case unchecked
  case threadSanitizer
  case addressSanitizer
  case fullyStatic

  /// Without Swift.
  case plain
  case staticPlain
  /// With a runtime that nobody knows.
  case other

  /// How a user in its folder calls it.
  var word: String {
    get throws {
      _ = try path
      return "./\(rawValue)"
    }
  }

  /// The compiled file.
  var path: String {
    get throws {
      // One compiler at a time: there may be few processors.
      try Self.compiled.withLock { compiled in
        let path = "\(Self.directory)/\(rawValue)"
        if compiled.insert(self).inserted { try compile(to: path) }
        return path
      }
    }
  }

  /// Where they are; it goes when this process does.
  static var directory: String { folder.path }

  private static let folder: TemporaryDirectory = {
    guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory") }
    atexit { Program.folder.remove() }
    return directory
  }()

  private static let compiled = Mutex<Set<Program>>([])

  /// The folder of the sources.
  static let sources = String(#filePath.dropLast("Support/Program.swift".count)) + "Programs"

  /// Whether the toolchain can link a Swift program without the dynamic linker.
  static var canBeFullyStatic: Bool {
    guard let compiler = Tool.path("swiftc") else { return false }
    let usr = URL(filePath: compiler).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent()
    return FileManager.default.fileExists(
      atPath: usr.path(percentEncoded: false) + "/lib/swift_static/linux/static-executable-args.lnk"
    )
  }

  private func compile(to path: String) throws {
    func shop(_ options: [String]) throws {
      let files = ["Inventory", "Shop", "Threads"].map { "\(Self.sources)/Shop/\($0).swift" }
      try Tool.run(["swiftc", "-g", "-module-name", "Shop"] + options + files + ["-o", path])
    }
    func c(_ source: String, _ options: [String] = []) throws {
      try Tool.run(["clang", "\(Self.sources)/C/\(source).c", "-o", path] + options)
    }
    switch self {
    case .shop: try shop([])
    case .release: try shop(["-O"])
    case .staticRuntime: try shop(["-static-stdlib"])
    case .stripped:
      try shop(["-static-stdlib"])
      try Tool.run(["strip", path])
    case .unchecked: try shop(["-enforce-exclusivity=unchecked"])
    case .threadSanitizer: try shop(["-sanitize=thread"])
    case .addressSanitizer: try shop(["-sanitize=address"])
    case .fullyStatic: try shop(["-static-executable"])
    case .plain: try c("plain")
    case .staticPlain: try c("plain", ["-static"])
    case .other:
      let library = "\(Self.directory)/libruntime.so"
      try Tool.run(["clang", "-shared", "-fPIC", "\(Self.sources)/C/runtime.c", "-o", library])
      try c("other", [library, "-Wl,-rpath,\(Self.directory)"])
    }
  }
}
