import Glibc
import TophashFindings
import TophashSymbols

/// Finds a library that is preloaded, and builds it where it can be built.
struct ProbeLibrary {
  /// Names another file.
  var variable = "TOPHASH_PROBE_LIBRARY"
  var product = "TophashProbe"
  /// What it is called in messages.
  var words = "probe library"
  /// What it defines, and no other library does.
  var symbol = "swift_beginAccess"
  /// The folders of its sources.
  var folders = [
    "CTophashProbe", "CTophashCore", "CTophashProtocol", "CTophashTesting", "CTophashWatchpoint",
  ]

  /// Path of the running `tophash`, with symbolic links resolved.
  var executable: String
  var environment: [String: String]
  var console: Console

  init(executable: String, environment: [String: String], console: Console) {
    self.executable = executable
    self.environment = environment
    self.console = console
  }

  /// The one that controls schedules.
  static func explorer(
    executable: String, environment: [String: String], console: Console
  ) -> ProbeLibrary {
    var library = ProbeLibrary(executable: executable, environment: environment, console: console)
    library.variable = "TOPHASH_EXPLORE_LIBRARY"
    library.product = "TophashExplore"
    library.words = "library that controls schedules"
    library.symbol = "tophash_scheduler_choose"
    library.folders = ["CTophashExplore", "CTophashSchedule", "CTophashCore", "CTophashProtocol"]
    return library
  }

  var fileName: String { "lib\(product).so" }

  /// The library's path.
  ///
  /// Looks where `variable` says, beside the executable, and in `../lib` of an
  /// installation. In a checkout of Tophash, whose `swift run` builds the executable alone, the
  /// library is built first when it is missing or older than its sources.
  ///
  /// - Throws: 70 when there is none.
  func locate() throws(ToolError) -> String {
    if let chosen = environment[variable], !chosen.isEmpty {
      guard access(chosen, R_OK) == 0 else {
        throw .toolFailed(
          "\(variable) names '\(chosen)', which cannot be read", "correct or unset it")
      }
      // The dynamic linker passes over what it cannot load, and the program would run unchecked.
      guard let image = try? ElfImage(path: chosen), image.machine == Inspector.machine,
        image.defines(symbol)
      else {
        throw .toolFailed(
          "\(variable) names '\(chosen)', which is no \(words) for this machine",
          "correct or unset it")
      }
      return chosen
    }
    let directory = executable.parentDirectory
    let beside = "\(directory)/\(fileName)"
    if let checkout = Checkout(executable: executable) {
      if !checkout.isUpToDate(beside, folders) { try checkout.build(self) }
    }
    let candidates = [
      beside, "\(directory)/../lib/tophash/\(fileName)",
      "\(directory)/../lib/\(fileName)",
    ]
    for candidate in candidates where access(candidate, R_OK) == 0 { return candidate }
    throw .toolFailed(
      "the \(words) \(fileName) is neither beside tophash nor in ../lib",
      "install it there, or name it in \(variable)")
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
  func isUpToDate(_ library: String, _ folders: [String]) -> Bool {
    guard let built = SmallFile.modificationTime(of: library) else { return false }
    return folders.allSatisfy { folder in
      (SmallFile.newestModification(under: "\(root)/Sources/\(folder)") ?? built) <= built
    }
  }

  /// Builds the library with SwiftPM; its messages go to standard error.
  ///
  /// - Throws: 70 when that fails.
  func build(_ library: ProbeLibrary) throws(ToolError) {
    let (environment, console) = (library.environment, library.console)
    console.say("building the \(library.words) (once)")
    let remedy = "run 'swift build' in '\(root)'"
    let lookup = ProgramLookup(path: environment["PATH"] ?? "")
    guard let swift = try? lookup.find("swift") else {
      throw .toolFailed(
        "the \(library.words) is not built, and there is no 'swift' to build it", remedy)
    }
    let status = Command(
      path: swift,
      arguments: [
        "swift", "build", "--product", library.product, "--configuration", configuration,
        "--package-path", root, "--scratch-path", scratch,
      ],
      environment: environment.map { "\($0.key)=\($0.value)" }
    ).runOnStandardError(isQuiet: console.isQuiet)
    guard status == .exited(0) else {
      throw .toolFailed("the \(library.words) could not be built", remedy)
    }
  }
}
