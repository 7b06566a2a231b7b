import Glibc
import TophashSymbols

/// Finds the library that is preloaded, and builds it where it can be built.
struct ProbeLibrary {
  static let variable = "TOPHASH_PROBE_LIBRARY"
  static let fileName = "libTophashProbe.so"

  /// Path of the running `tophash`, with symbolic links resolved.
  var executable: String
  var environment: [String: String]
  var console: Console

  /// The library's path.
  ///
  /// Looks where `TOPHASH_PROBE_LIBRARY` says, beside the executable, and in `../lib` of an
  /// installation. In a checkout of Tophash, whose `swift run` builds the executable alone, the
  /// library is built first when it is missing or older than its sources.
  ///
  /// - Throws: 70 when there is none.
  func locate() throws(ToolError) -> String {
    if let chosen = environment[Self.variable], !chosen.isEmpty {
      guard access(chosen, R_OK) == 0 else {
        throw .toolFailed(
          "\(Self.variable) names '\(chosen)', which cannot be read", "correct or unset it")
      }
      // The dynamic linker passes over what it cannot load, and the program would run unchecked.
      guard let image = try? ElfImage(path: chosen), image.machine == Inspector.machine,
        image.defines("swift_beginAccess")
      else {
        throw .toolFailed(
          "\(Self.variable) names '\(chosen)', which is no probe library for this machine",
          "correct or unset it")
      }
      return chosen
    }
    let directory = executable.parentDirectory
    let beside = "\(directory)/\(Self.fileName)"
    if let checkout = Checkout(executable: executable) {
      if !checkout.isUpToDate(beside) { try checkout.build(environment, console) }
    }
    let candidates = [
      beside, "\(directory)/../lib/tophash/\(Self.fileName)",
      "\(directory)/../lib/\(Self.fileName)",
    ]
    for candidate in candidates where access(candidate, R_OK) == 0 { return candidate }
    throw .toolFailed(
      "the probe library \(Self.fileName) is neither beside tophash nor in ../lib",
      "install it there, or name it in \(Self.variable)")
  }
}

/// A source checkout of Tophash, in whose build folder the running executable lies.
struct Checkout {
  /// Holds `Package.swift`.
  let root: String
  /// Where the executable and the library are built.
  let products: String
  /// SwiftPM's scratch path.
  let scratch: String
  /// `debug` or `release`.
  let configuration: String

  /// `nil` when `executable` was not built by SwiftPM in a checkout of Tophash.
  init?(executable: String) {
    products = executable.parentDirectory
    configuration = products.lastComponent
    guard ["debug", "release"].contains(configuration) else { return nil }
    // <root>/<scratch>/<triple>/<configuration>/tophash
    scratch = products.parentDirectory.parentDirectory
    var root = scratch.parentDirectory
    while root != "/" {
      let manifest = SmallFile.text(at: "\(root)/Package.swift") ?? ""
      if manifest.contains("\"TophashProbe\"") {
        self.root = root
        return
      }
      root = root.parentDirectory
    }
    return nil
  }

  /// Whether `library` is there and no older than what it is made of.
  func isUpToDate(_ library: String) -> Bool {
    guard let built = SmallFile.modificationTime(of: library) else { return false }
    let folders = ["CTophashProbe", "CTophashCore", "CTophashProtocol"]
    return folders.allSatisfy { folder in
      (SmallFile.newestModification(under: "\(root)/Sources/\(folder)") ?? built) <= built
    }
  }

  /// Builds the library with SwiftPM; its messages go to standard error.
  ///
  /// - Throws: 70 when that fails.
  func build(_ environment: [String: String], _ console: Console) throws(ToolError) {
    console.say("building the probe library (once)")
    let remedy = "run 'swift build' in '\(root)'"
    let lookup = ProgramLookup(path: environment["PATH"] ?? "")
    guard let swift = try? lookup.find("swift") else {
      throw .toolFailed(
        "the probe library is not built, and there is no 'swift' to build it", remedy)
    }
    let status = Command(
      path: swift,
      arguments: [
        "swift", "build", "--product", "TophashProbe", "--configuration", configuration,
        "--package-path", root, "--scratch-path", scratch,
      ],
      environment: environment.map { "\($0.key)=\($0.value)" }
    ).runOnStandardError(isQuiet: console.isQuiet)
    guard status == .exited(0) else {
      throw .toolFailed("the probe library could not be built", remedy)
    }
  }
}
