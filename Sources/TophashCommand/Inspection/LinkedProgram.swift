import TophashFindings
import TophashSymbols

/// A program and those libraries of its own that it is linked to.
struct LinkedProgram {
  /// The program first.
  private(set) var images: [ElfImage]
  /// True when the Swift runtime is a shared library.
  private(set) var usesSharedRuntime = false
  /// True when a library that does not come with the system could not be found: what it holds is
  /// not known.
  private(set) var hasUnknownLibraries = false

  /// Follows what the program needs, and what that needs.
  init(_ program: ElfImage) {
    images = [program]
    var known: Set<String> = []
    var next = 0
    while next < images.count {
      let image = images[next]
      next += 1
      for library in image.neededLibraries where known.insert(library).inserted {
        if library.hasPrefix("libswiftCore.so") { usesSharedRuntime = true }
        if Self.isToolchainLibrary(library) { continue }
        add(library, neededBy: image)
      }
    }
  }

  private mutating func add(_ library: String, neededBy image: ElfImage) {
    let origin = (SmallFile.resolved(image.path) ?? image.path).parentDirectory
    let ownPaths = image.libraryPaths.map { path in
      ["${ORIGIN}", "$ORIGIN"].reduce(path) { $0.replacing($1, with: origin) }
    }
    for directory in ownPaths {
      if let found = try? ElfImage(path: "\(directory)/\(library)") {
        images.append(found)
        return
      }
    }
    // What the system's linker finds on its own is not the user's code.
    let isSystems = Self.systemDirectories.contains {
      SmallFile.modificationTime(of: "\($0)/\(library)") != nil
    }
    if !isSystems { hasUnknownLibraries = true }
  }

  private static func isToolchainLibrary(_ name: String) -> Bool {
    [
      "libswift", "libFoundation", "lib_Foundation", "libdispatch.", "libBlocksRuntime.",
      "libXCTest",
      "libTesting", "lib_Testing",
    ].contains { name.hasPrefix($0) }
  }

  private static let systemDirectories = [
    "/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
  ]
}
