import TophashSymbols

extension Frame {
  /// True for code that the reader did not write: the Swift runtime and standard library,
  /// Foundation, Dispatch, the C library, the probe, and what the compiler makes between them.
  ///
  /// Judged by the image, and, for programs that hold the runtime themselves, by the module.
  package var isRuntime: Bool {
    if let module, Self.systemModules.contains(module) { return true }
    if let image, Self.isSystemLibrary(image) { return true }
    return isCompilerMade
  }

  /// Thunks, witnesses and outlined copies: between two functions of the source, and in none.
  package var isCompilerMade: Bool {
    if let location, location.file == "<compiler-generated>" || location.line == 0 { return true }
    return Self.compilerMadePrefixes.contains { function.hasPrefix($0) }
  }

  /// True for the compiler's accessor of the property that `variable` names; the access was
  /// written in its caller.
  package func isAccessor(of variable: Variable) -> Bool {
    guard let dot = function.lastIndex(of: "."),
      Self.accessors.contains(String(function[function.index(after: dot)...]))
    else { return false }
    let property = variable.name.split(separator: ".").last.map(String.init) ?? variable.name
    let owner = function[..<dot]
    return owner == property || owner.hasSuffix("." + property)
  }

  /// A library that comes with the system or the toolchain.
  package static func isSystemLibrary(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return systemLibraries.contains { name.hasPrefix($0) }
  }

  private static let systemModules: Set<String> = [
    "Swift", "_Concurrency", "_StringProcessing", "_RegexParser", "Synchronization", "Observation",
    "Distributed", "Foundation", "FoundationEssentials", "FoundationInternationalization",
    "FoundationNetworking", "FoundationXML", "Dispatch", "Glibc", "Musl", "XCTest", "Testing",
  ]

  private static let systemLibraries = [
    "libswift", "libFoundation", "lib_Foundation", "libdispatch.so", "libBlocksRuntime.so",
    "libXCTest", "libTesting", "lib_Testing", "libTophashProbe", "libc.so", "libm.so", "ld-linux",
    "libpthread", "libdl.so", "librt.so", "libstdc++", "libgcc_s", "libc++", "linux-vdso", "[vdso]",
  ]

  private static let compilerMadePrefixes = [
    "reabstraction thunk", "thunk for", "partial apply forwarder", "protocol witness for",
    "outlined ", "_thunk", "swift_", "_swift_", "_dispatch_", "dispatch_",
  ]

  private static let accessors: Set<String> = [
    "getter", "setter", "modify", "read", "modify2", "read2", "unsafeMutableAddressor",
    "unsafeAddressor",
  ]
}
