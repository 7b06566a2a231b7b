/// Who wrote the code of a frame, so that reports can fold what the reader did not.
package enum FrameOrigin: String, Sendable, Codable, CaseIterable {
  /// The program, its packages, and libraries of other origin.
  case own
  /// Swift code that comes with the toolchain: standard library, concurrency, Foundation, testing.
  case standardLibrary
  /// The Swift runtime below it, and Tophash's own libraries.
  case runtime
  /// Dispatch, the C library, the dynamic linker and other libraries of the system.
  case system
}

extension Frame {
  /// True for code that the reader did not write: what comes with the system and the toolchain,
  /// and what the compiler makes between two functions.
  package var isRuntime: Bool { origin != .own || isThunk }

  /// Who wrote this code. Told by the declaring module, for what was compiled or linked into the
  /// program, then by the image.
  package var origin: FrameOrigin {
    if let module, Self.toolchainModules.contains(module) { return .standardLibrary }
    guard let image else { return .system }
    let name = image.split(separator: "/").last.map(String.init) ?? image
    let isRuntimeFunction = Self.runtimePrefixes.contains { (symbol ?? "").hasPrefix($0) }
    if name.hasPrefix("libTophashProbe") || name.hasPrefix("libTophashExplore") || isRuntimeFunction
    {
      return .runtime
    }
    if let library = Self.toolchainLibraries.first(where: { name.hasPrefix($0) }) {
      // Of the Swift libraries, what has no Swift name is the runtime.
      return library == "libswift" && module == nil ? .runtime : .standardLibrary
    }
    let isSystem =
      Self.systemLibraries.contains { name.hasPrefix($0) }
      || Self.systemDirectories.contains { image.hasPrefix($0) }
      || Self.startFunctions.contains(function)
    return isSystem ? .system : .own
  }

  private static let toolchainModules: Set<String> = [
    "Swift", "_Concurrency", "_StringProcessing", "_RegexParser", "Synchronization", "Observation",
    "Distributed", "Dispatch", "Foundation", "FoundationEssentials",
    "FoundationInternationalization", "FoundationNetworking", "FoundationXML",
    "_FoundationCollections", "XCTest", "Testing",
  ]

  private static let toolchainLibraries = [
    "libswift", "libFoundation", "lib_Foundation", "libXCTest", "libTesting", "lib_Testing",
  ]

  private static let systemLibraries = [
    "libdispatch.", "libBlocksRuntime.", "libc.", "libc-", "libm.", "libpthread", "libdl.",
    "librt.", "libstdc++", "libgcc_s", "libc++", "ld-", "ld.so", "linux-vdso", "[vdso]",
  ]

  private static let systemDirectories = ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"]

  /// How names start that the Swift runtime or the compiler's helpers carry in any image.
  private static let runtimePrefixes = [
    "swift_", "_swift_", "__swift_", "_ZN5swift", "_ZNK5swift", "tophash_",
  ]

  private static let startFunctions: Set<String> = [
    "_start", "__libc_start_main", "__libc_csu_init", "_init", "_fini", "_dl_relocate_static_pie",
  ]
}
