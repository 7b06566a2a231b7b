import Foundation
import Synchronization
import TophashTestSupport

/// A program or library that the tests run, compiled when one first asks for it.
enum Fixture: String, CaseIterable {
  /// The scenarios, as a debug build.
  case debug
  /// Optimised, with frame pointers as the package manager builds it.
  case release
  /// With the runtime as part of the program.
  case staticRuntime
  /// With the exclusivity checks compiled out.
  case unchecked

  /// A Swift library.
  case plugin
  /// A C program that opens the library.
  case host
  /// A library that starts a thread before the probe starts.
  case crew
  /// A library that locks before the probe starts.
  case early
  /// A C program that has children, and uses `early`.
  case children

  /// The probe, without its debug information.
  case strippedProbe
  /// The probe as users build it: what it hooks of itself, it must find in every build.
  case optimisedProbe

  /// The compiled file.
  var path: String {
    get throws {
      // One compiler at a time: there may be few processors.
      try Self.compiled.withLock { compiled in try path(among: &compiled) }
    }
  }

  private static let compiled = Mutex<[Fixture: String]>([:])

  // Everything is compiled into one directory, which goes when this process does.
  private static let directory: TemporaryDirectory = {
    guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory") }
    atexit { Fixture.directory.remove() }
    return directory
  }()

  private static let sources =
    String(#filePath.dropLast("Support/Toolchain.swift".count)) + "Programs"

  private func path(among compiled: inout [Fixture: String]) throws -> String {
    if let path = compiled[self] { return path }
    if self == .children { _ = try Fixture.early.path(among: &compiled) }
    let path = try compile()
    compiled[self] = path
    return path
  }

  private func compile() throws -> String {
    let directory = Self.directory.path
    let sources = Self.sources
    let output = "\(directory)/\(isLibrary ? "lib" : "")\(rawValue)\(isLibrary ? ".so" : "")"
    func swift(_ options: [String], _ files: [String]) throws {
      try Tool.run(["swiftc", "-swift-version", "5"] + options + files + ["-o", output])
    }
    func torture(_ options: [String]) throws {
      let folder = "\(sources)/Torture"
      let system = "\(directory)/system-\(rawValue).o"
      try Tool.run(["clang", "-c", "\(folder)/system.c", "-o", system])
      let files = [
        "main", "Shared", "Processes", "Threads", "Signals", "Limits", "Tasks", "Storage",
      ].map { "\(folder)/\($0).swift" }
      try swift(options + ["-import-objc-header", "\(folder)/system.h"], files + [system])
    }
    func c(_ options: [String]) throws {
      try Tool.run(["clang", "\(sources)/Host/\(rawValue).c", "-o", output] + options)
    }
    switch self {
    case .debug: try torture([])
    case .release: try torture(["-O", "-wmo", "-Xcc", "-fno-omit-frame-pointer"])
    case .staticRuntime: try torture(["-static-stdlib"])
    case .unchecked: try torture(["-enforce-exclusivity=unchecked"])
    case .plugin: try swift(["-emit-library"], ["\(sources)/Host/plugin.swift"])
    case .host: try c(["-ldl", "-lpthread"])
    case .crew, .early: try c(["-shared", "-fPIC", "-lpthread"])
    case .children:
      try c(["-L", directory, "-Wl,--no-as-needed", "-learly", "-Wl,-rpath,\(directory)"])
    case .strippedProbe: try Tool.run(["strip", "-g", "-o", output, Probe.library])
    case .optimisedProbe: try Tool.run(["clang"] + Self.probeOptions + ["-o", output])
    }
    return output
  }

  /// Compiles and links the probe's sources as the package manager does for a release.
  private static var probeOptions: [String] {
    let root = String(#filePath.dropLast("Tests/TophashProbeTests/Support/Toolchain.swift".count))
    let folders = [
      "CTophashProtocol", "CTophashCore", "CTophashTesting", "CTophashWatchpoint", "CTophashProbe",
    ].map {
      "\(root)Sources/\($0)"
    }
    let files = folders.flatMap { folder in
      (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
        .filter { $0.hasSuffix(".c") }.map { "\(folder)/\($0)" }
    }
    return ["-std=gnu17", "-O2", "-g", "-fPIC", "-shared"] + folders.map { "-I\($0)/include" }
      + files.sorted()
  }

  private var isLibrary: Bool {
    switch self {
    case .plugin, .crew, .early, .strippedProbe, .optimisedProbe: true
    default: false
    }
  }
}
